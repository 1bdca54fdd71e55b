// Checks a desk's log with Go's own golang.org/x/mod/sumdb/note and tlog, which share nothing with the desk.
//
// main FOLDER: a log in the layout of C2SP tlog-tiles, and beside it
//
//	key              the line of the key that signs checkpoints
//	checkpoint.old   an earlier checkpoint, and consistency, the hashes from it to the later one; without that they
//	                 are taken from the tiles
//	*.tlog-proof     proofs that an entry is in it
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error, what string) {
	if err != nil {
		fmt.Printf("%s: %v\n", what, err)
		os.Exit(1)
	}
}

func read(path ...string) []byte {
	data, err := os.ReadFile(filepath.Join(path...))
	must(err, "read")
	return data
}

// A signed checkpoint: its tree, after its signature.
func checkpoint(text []byte, key note.Verifier) tlog.Tree {
	opened, err := note.Open(text, note.VerifierList(key))
	must(err, "checkpoint")
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != key.Name() || lines[3] != "" {
		must(fmt.Errorf("%q", opened.Text), "checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "checkpoint's size")
	return tlog.Tree{N: size, Hash: hash(lines[2])}
}

func hash(text string) (out tlog.Hash) {
	data, err := base64.StdEncoding.DecodeString(text)
	must(err, "hash")
	if copy(out[:], data) != len(out) || len(data) != len(out) {
		must(fmt.Errorf("%q", text), "hash")
	}
	return out
}

// Tiles as the folder has them. Go writes the height into a path, C2SP does not.
type tiles struct{ folder string }

func (tiles) Height() int                     { return 8 }
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		data, err := os.ReadFile(filepath.Join(t.folder, strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func entries(folder string, size int64) (all [][]byte) {
	for n := int64(0); n*256 < size; n++ {
		width := size - n*256
		if width > 256 {
			width = 256
		}
		path := tlog.Tile{H: 8, L: 0, N: n, W: int(width)}.Path()
		data := read(folder, strings.Replace(path, "tile/8/0/", "tile/entries/", 1))
		for len(data) >= 2 {
			length := int(binary.BigEndian.Uint16(data))
			all = append(all, data[2:2+length])
			data = data[2+length:]
		}
	}
	return all
}

func main() {
	folder := os.Args[1]
	key, err := note.NewVerifier(strings.TrimSpace(string(read(folder, "key"))))
	must(err, "key")
	tree := checkpoint(read(folder, "checkpoint"), key)

	all := entries(folder, tree.N)
	if int64(len(all)) != tree.N {
		must(fmt.Errorf("%d of %d", len(all), tree.N), "entries")
	}
	// Leaves through their tiles, each checked against the root: in a large log some of every tile, all of the last.
	reader := tlog.TileHashReader(tree, tiles{folder})
	for index, entry := range all {
		if len(all) > 10000 && index%97 != 3 && index < len(all)-112 {
			continue
		}
		proof, err := tlog.ProveRecord(tree.N, int64(index), reader)
		must(err, "tiles")
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), tlog.RecordHash(entry)), "entry")
	}

	old := checkpoint(read(folder, "checkpoint.old"), key)
	var consistency tlog.TreeProof
	if lines, err := os.ReadFile(filepath.Join(folder, "consistency")); err == nil {
		for _, line := range strings.Fields(string(lines)) {
			consistency = append(consistency, hash(line))
		}
	} else {
		consistency, err = tlog.ProveTree(tree.N, old.N, reader)
		must(err, "tiles")
	}
	must(tlog.CheckTree(consistency, tree.N, tree.Hash, old.N, old.Hash), "consistency")

	files, err := filepath.Glob(filepath.Join(folder, "*.tlog-proof"))
	must(err, "proofs")
	for _, file := range files {
		head, signed, _ := bytes.Cut(read(file), []byte("\n\n"))
		lines := strings.Split(string(head), "\n")
		if lines[0] != "c2sp.org/tlog-proof@v1" {
			must(fmt.Errorf("%q", lines[0]), file)
		}
		index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
		must(err, file)
		var proof tlog.RecordProof
		for _, line := range lines[2:] {
			proof = append(proof, hash(line))
		}
		then := checkpoint(signed, key)
		must(tlog.CheckRecord(proof, then.N, then.Hash, index, tlog.RecordHash(all[index])), file)
	}
	fmt.Printf("%d entries, %d proofs\n", tree.N, len(files))
}

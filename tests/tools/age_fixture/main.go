// Command age_fixture encrypts (-e) or decrypts (-d) standard input with Go's age library, the
// reference implementation, and the fixtures' passphrase. It witnesses tests/data/keys/age-*.
//
//	go run . -e < ../../data/keys/openssl-plain.pem > ../../data/keys/age-pem.age
package main

import (
	"io"
	"log"
	"os"

	"filippo.io/age"
	"filippo.io/age/armor"
)

const passphrase = "correct horse battery staple"

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: age_fixture -e | -a | -d")
	}
	var err error
	switch os.Args[1] {
	case "-e":
		err = encrypt(os.Stdout)
	case "-a":
		writer := armor.NewWriter(os.Stdout)
		if err = encrypt(writer); err == nil {
			err = writer.Close()
		}
	case "-d":
		err = decrypt()
	}
	if err != nil {
		log.Fatal(err)
	}
}

func encrypt(out io.Writer) error {
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return err
	}
	recipient.SetWorkFactor(12)
	writer, err := age.Encrypt(out, recipient)
	if err != nil {
		return err
	}
	if _, err = io.Copy(writer, os.Stdin); err != nil {
		return err
	}
	return writer.Close()
}

func decrypt() error {
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return err
	}
	head := make([]byte, 5)
	if _, err = io.ReadFull(os.Stdin, head); err != nil {
		return err
	}
	if _, err = os.Stdin.Seek(0, io.SeekStart); err != nil {
		return err
	}
	var in io.Reader = os.Stdin
	if string(head) == "-----" {
		in = armor.NewReader(in)
	}
	reader, err := age.Decrypt(in, identity)
	if err != nil {
		return err
	}
	_, err = io.Copy(os.Stdout, reader)
	return err
}

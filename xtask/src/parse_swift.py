"""Parses Swift files, and each ```swift block of a page; fails where one has an error, and where a file that was broken on purpose has none."""

import sys

import tree_sitter
import tree_sitter_swift

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_swift.language()))


def errors(text):
    found = []

    def walk(node):
        if node.is_error or node.is_missing:
            found.append((node.start_point[0] + 1, node.text[:60].decode(errors="replace")))
        for child in node.children:
            walk(child)

    walk(PARSER.parse(text).root_node)
    return found


def pieces(path):
    with open(path, "rb") as file:
        text = file.read()
    if not path.endswith(".md"):
        return [(path, text)]
    blocks = text.split(b"```swift\n")[1:]
    return [(f"{path}, snippet {n}", block.split(b"```")[0]) for n, block in enumerate(blocks, 1)]


def main(paths):
    failed = False
    parsed = [piece for path in paths for piece in pieces(path)]
    for path, text in parsed:
        for line, near in errors(text):
            failed = True
            print(f"{path}:{line}: {near}", file=sys.stderr)
        # The check itself: without its last brace a file has an error.
        end = text.rfind(b"}")
        if end >= 0 and not errors(text[:end] + text[end + 1 :]):
            failed = True
            print(f"{path}: a missing brace is not seen", file=sys.stderr)
    print(f"{len(parsed)} pieces of Swift parsed")
    return 1 if failed or not parsed else 0


sys.exit(main(sys.argv[1:]))

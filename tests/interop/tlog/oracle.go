// What Go's sumdb/note and sumdb/tlog say of a log that Accord wrote (peer.cc), and notes that Go signs.
//
//	oracle check DIR    every head, tile, entry and proof below DIR; exit code 1 and a reason at the first fault
//	oracle entry VKEY FILE PROOF    whether PROOF (tlog-proof) shows that the content of FILE is in that log
//	oracle sign NAME    a note signed by a new key of this name: the key's vkey on the first line, then the note
package main

import (
	"bytes"
	"crypto/rand"
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

// In Go's logs the height of tiles is part of the path; in C2SP's it is always 8 and left out.
type files struct{ root string }

func (f files) Height() int                     { return 8 }
func (f files) SaveTiles([]tlog.Tile, [][]byte) {}
func (f files) read(path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(f.root, "log", path))
}
func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		content, err := f.read("tile/" + strings.TrimPrefix(tile.Path(), "tile/8/"))
		if err != nil {
			return nil, err
		}
		all = append(all, content)
	}
	return all, nil
}

type head struct {
	size int64
	root tlog.Hash
}

func must(err error, what string) {
	if err != nil {
		fmt.Printf("%s: %v\n", what, err)
		os.Exit(1)
	}
}

func check(ok bool, what string) {
	if !ok {
		must(fmt.Errorf("does not hold"), what)
	}
}

// The head in a signed checkpoint.
func openHead(message []byte, key note.Verifier, what string) head {
	opened, err := note.Open(message, note.VerifierList(key))
	must(err, what)
	lines := strings.Split(opened.Text, "\n")
	check(len(lines) == 4 && lines[0] == key.Name(), what)
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, what)
	root, err := tlog.ParseHash(lines[2])
	must(err, what)
	return head{size, root}
}

func names(dir string) []string {
	entries, err := os.ReadDir(dir)
	must(err, dir)
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	check(len(all) > 0, dir+" is empty")
	return all
}

func read(path ...string) []byte {
	content, err := os.ReadFile(filepath.Join(path...))
	must(err, filepath.Join(path...))
	return content
}

// The two numbers of a file name "A-B".
func pair(name string) (int64, int64) {
	first, second, _ := strings.Cut(name, "-")
	a, err := strconv.ParseInt(first, 10, 64)
	must(err, name)
	b, err := strconv.ParseInt(second, 10, 64)
	must(err, name)
	return a, b
}

func parseHashes(text string) []tlog.Hash {
	hashes := []tlog.Hash{}
	for _, line := range strings.Fields(text) {
		hash, err := tlog.ParseHash(line)
		must(err, line)
		hashes = append(hashes, hash)
	}
	return hashes
}

func same(a, b []tlog.Hash) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// All entries of the log, from its bundles.
func readEntries(f files, size int64) [][]byte {
	var entries [][]byte
	for _, tile := range tlog.NewTiles(8, 0, size) {
		if tile.L != 0 || (tile.W < 256 && tile.N*256+int64(tile.W) != size) {
			continue
		}
		path := "tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/0/")
		bundle, err := f.read(path)
		must(err, path)
		for i := 0; i < tile.W; i++ {
			check(len(bundle) >= 2 && len(bundle) >= 2+int(binary.BigEndian.Uint16(bundle)), path)
			length := int(binary.BigEndian.Uint16(bundle))
			entries = append(entries, bundle[2:2+length])
			bundle = bundle[2+length:]
		}
		check(len(bundle) == 0, path+" has more")
	}
	check(int64(len(entries)) == size, "number of entries")
	return entries
}

// A tlog-proof without extra data: index, hashes and the checkpoint.
func parseProof(text, what string) (int64, tlog.RecordProof, []byte) {
	top, checkpoint, ok := strings.Cut(text, "\n\n")
	lines := strings.SplitN(top, "\n", 3)
	check(ok && len(lines) >= 2 && lines[0] == "c2sp.org/tlog-proof@v1", what)
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	must(err, what)
	return index, parseHashes(strings.Join(lines[2:], "\n")), []byte(checkpoint)
}

func checkProofs(root string, key note.Verifier, reader tlog.HashReader, entries [][]byte) {
	for _, name := range names(filepath.Join(root, "proofs")) {
		size, wanted := pair(name)
		index, hashes, checkpoint := parseProof(string(read(root, "proofs", name)), name)
		signed := openHead(checkpoint, key, name)
		check(signed.size == size && index == wanted, name)
		must(tlog.CheckRecord(hashes, size, signed.root, index, tlog.RecordHash(entries[index])), name)
		own, err := tlog.ProveRecord(size, index, reader)
		must(err, name)
		check(same(own, hashes), "Go's proof "+name)
	}
}

func checkConsistency(root string, heads map[int64]head, reader tlog.HashReader) {
	for _, name := range names(filepath.Join(root, "consistency")) {
		older, newer := pair(name)
		hashes := parseHashes(string(read(root, "consistency", name)))
		must(tlog.CheckTree(hashes, newer, heads[newer].root, older, heads[older].root), name)
		own, err := tlog.ProveTree(newer, older, reader)
		must(err, name)
		check(same(own, hashes), "Go's proof "+name)
	}
}

func checkLog(root string) {
	key, err := note.NewVerifier(string(read(root, "vkey")))
	must(err, "vkey")
	heads := map[int64]head{}
	for _, name := range names(filepath.Join(root, "heads")) {
		h := openHead(read(root, "heads", name), key, "head "+name)
		check(strconv.FormatInt(h.size, 10) == name, "head "+name)
		heads[h.size] = h
	}
	f := files{root}
	checkpoint, err := f.read("checkpoint")
	must(err, "checkpoint")
	last := openHead(checkpoint, key, "checkpoint")
	// Authenticates each tile that it reads against the signed root.
	reader := tlog.TileHashReader(tlog.Tree{N: last.size, Hash: last.root}, f)
	entries := readEntries(f, last.size)
	for first := 0; first < len(entries); first += 256 {
		var leaves []int64
		for i := first; i < first+256 && i < len(entries); i++ {
			leaves = append(leaves, tlog.StoredHashIndex(0, int64(i)))
		}
		hashes, err := reader.ReadHashes(leaves)
		must(err, "tiles")
		for i, hash := range hashes {
			check(hash == tlog.RecordHash(entries[first+i]), "entry "+strconv.Itoa(first+i))
		}
	}
	for _, h := range heads {
		if h.size == 0 { // Go gives an empty tree another root than RFC 6962
			continue
		}
		hash, err := tlog.TreeHash(h.size, reader)
		must(err, "tree")
		check(hash == h.root, "root of size "+strconv.FormatInt(h.size, 10))
	}
	checkProofs(root, key, reader, entries)
	checkConsistency(root, heads, reader)
	fmt.Printf("%d entries, %d heads\n", len(entries), len(heads))
}

func checkEntry(vkey, file, proof string) {
	key, err := note.NewVerifier(vkey)
	must(err, "vkey")
	index, hashes, checkpoint := parseProof(string(read(proof)), proof)
	signed := openHead(checkpoint, key, proof)
	must(tlog.CheckRecord(hashes, signed.size, signed.root, index, tlog.RecordHash(read(file))), proof)
}

func signNote(name string) {
	secret, vkey, err := note.GenerateKey(rand.Reader, name)
	must(err, name)
	signer, err := note.NewSigner(secret)
	must(err, name)
	root := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{9}, 32))
	signed, err := note.Sign(&note.Note{Text: name + "\n\n7\n" + root + "\n"}, signer)
	must(err, name)
	fmt.Printf("%s\n%s", vkey, signed)
}

func main() {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "check":
		checkLog(os.Args[2])
	case len(os.Args) == 5 && os.Args[1] == "entry":
		checkEntry(os.Args[2], os.Args[3], os.Args[4])
	case len(os.Args) == 3 && os.Args[1] == "sign":
		signNote(os.Args[2])
	default:
		fmt.Fprintln(os.Stderr, "usage: oracle check DIR | oracle entry VKEY FILE PROOF | oracle sign NAME")
		os.Exit(4)
	}
}

// Command public-log reads and writes public logs with the Go project's own packages, as an independent
// second opinion on ours.
//
//	public-log check FOLDER VKEY WITNESS-VKEY PROOFS   checks checkpoint, tiles, entries and proofs of a log
//	public-log cosign SKEY                             cosigns the checkpoint on standard input
//	public-log make FOLDER NAME SIZE                   makes a log, prints its vkey
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	cosign "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
	data   = -1 // tlog's level of the entries themselves
)

func main() {
	err := errors.New("see the comment at the beginning of main.go")
	switch args := os.Args[1:]; {
	case len(args) == 5 && args[0] == "check":
		err = check(args[1], args[2], args[3], args[4])
	case len(args) == 2 && args[0] == "cosign":
		err = cosignInput(args[1])
	case len(args) == 4 && args[0] == "make":
		err = makeLog(args[1], args[2], args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Proofs are what the log's own code says about its tree.
type Proofs struct {
	Inclusion []struct {
		Index, Size int64
		Proof       tlog.RecordProof
	}
	Consistency []struct {
		OldSize, Size int64
		Proof         tlog.TreeProof
	}
}

func check(folder, vkey, witness, proofsFile string) error {
	message, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	logKey, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	witnessKey, err := cosign.NewVerifierForCosignatureV1(witness)
	if err != nil {
		return err
	}
	opened, err := note.Open(message, note.VerifierList(logKey, witnessKey))
	if err != nil {
		return err
	}
	if len(opened.Sigs) != 2 || len(opened.UnverifiedSigs) != 0 {
		return fmt.Errorf("%d signatures verified, %d not", len(opened.Sigs), len(opened.UnverifiedSigs))
	}
	tree, err := parseCheckpoint(opened.Text, logKey.Name())
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(tree, tiles(folder))
	if err := checkEntries(folder, tree, hashes); err != nil {
		return err
	}
	text, err := os.ReadFile(proofsFile)
	if err != nil {
		return err
	}
	var proofs Proofs
	if err := json.Unmarshal(text, &proofs); err != nil {
		return err
	}
	if err := checkProofs(proofs, hashes); err != nil {
		return err
	}
	fmt.Printf("%d leaves, %d inclusion and %d consistency proofs\n", tree.N, len(proofs.Inclusion), len(proofs.Consistency))
	return nil
}

// parseCheckpoint reads the three lines; tlog.ParseTree takes only the header of Go's own database.
func parseCheckpoint(text, origin string) (tlog.Tree, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] != origin {
		return tlog.Tree{}, fmt.Errorf("no checkpoint of %s", origin)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// checkEntries compares every entry with its hash in the tiles, which tlog checks against the root.
func checkEntries(folder string, tree tlog.Tree, hashes tlog.HashReader) error {
	for start := int64(0); start < tree.N; start += width {
		tile := tlog.Tile{H: height, L: data, N: start / width, W: int(min(width, tree.N-start))}
		bundle, err := os.ReadFile(filepath.Join(folder, pathOf(tile)))
		if err != nil {
			return err
		}
		for index := start; index < start+int64(tile.W); index++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("%s is cut off", pathOf(tile))
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			entry := bundle[2:end]
			bundle = bundle[end:]
			read, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
			if err != nil {
				return err
			}
			if read[0] != tlog.RecordHash(entry) {
				return fmt.Errorf("entry %d is not the one in the tree", index)
			}
		}
		if len(bundle) != 0 {
			return fmt.Errorf("%s is too long", pathOf(tile))
		}
	}
	return nil
}

func checkProofs(proofs Proofs, hashes tlog.HashReader) error {
	for _, each := range proofs.Inclusion {
		root, err := tlog.TreeHash(each.Size, hashes)
		if err != nil {
			return err
		}
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, each.Index)})
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(each.Proof, each.Size, root, each.Index, leaf[0]); err != nil {
			return fmt.Errorf("inclusion of %d in %d: %w", each.Index, each.Size, err)
		}
	}
	for _, each := range proofs.Consistency {
		root, err := tlog.TreeHash(each.Size, hashes)
		if err != nil {
			return err
		}
		oldRoot, err := tlog.TreeHash(each.OldSize, hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(each.Proof, each.Size, root, each.OldSize, oldRoot); err != nil {
			return fmt.Errorf("consistency of %d with %d: %w", each.OldSize, each.Size, err)
		}
	}
	return nil
}

func cosignInput(skey string) error {
	signer, err := cosign.NewSignerForCosignatureV1(skey)
	if err != nil {
		return err
	}
	message, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	text := message[:bytes.LastIndex(message, []byte("\n\n"))+1]
	signed, err := note.Sign(&note.Note{Text: string(text)}, signer)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(signed[len(text)+1:])
	return err
}

func makeLog(folder, name, count string) error {
	size, err := strconv.ParseInt(count, 10, 64)
	if err != nil {
		return err
	}
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		return err
	}
	var stored storage
	bundles := map[int64][]byte{}
	for index := range size {
		entry := fmt.Appendf(nil, "entry %d", index)
		hashes, err := tlog.StoredHashes(index, entry, stored)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
		bundle := binary.BigEndian.AppendUint16(bundles[index/width], uint16(len(entry)))
		bundles[index/width] = append(bundle, entry...)
	}
	for _, tile := range tlog.NewTiles(height, 0, size) {
		content, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			return err
		}
		if err := write(folder, pathOf(tile), content); err != nil {
			return err
		}
		if tile.L != 0 {
			continue
		}
		tile.L = data
		if err := write(folder, pathOf(tile), bundles[tile.N]); err != nil {
			return err
		}
	}
	root, err := tlog.TreeHash(size, stored)
	if err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", name, size, root)}, signer)
	if err != nil {
		return err
	}
	fmt.Println(vkey)
	return write(folder, "checkpoint", signed)
}

func write(folder, file string, content []byte) error {
	target := filepath.Join(folder, file)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(target, content, 0o644)
}

// pathOf is the path of a tile after C2SP, which names no height and calls the entries so.
func pathOf(tile tlog.Tile) string {
	file := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	if tile.L == data {
		file = "entries" + strings.TrimPrefix(file, "data")
	}
	return "tile/" + file
}

type tiles string

func (tiles) Height() int { return height }

func (folder tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var contents [][]byte
	for _, tile := range wanted {
		content, err := os.ReadFile(filepath.Join(string(folder), pathOf(tile)))
		if err != nil {
			return nil, err
		}
		contents = append(contents, content)
	}
	return contents, nil
}

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

type storage []tlog.Hash

func (stored storage) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, index := range indexes {
		hashes = append(hashes, stored[index])
	}
	return hashes, nil
}

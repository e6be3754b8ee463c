package manifest

import (
	"encoding/binary"

	"github.com/ipfs/go-cid"
)

// fanout is the number of links of a UnixFS node, as stock IPFS nodes use.
const fanout = 174

// Node is one dag-pb block.
type Node struct {
	CID  cid.Cid
	Data []byte
}

// child is a link under construction.
type child struct {
	cid   cid.Cid
	bytes uint64 // of the file
	total uint64 // of the encoded blocks below and including it
}

// File derives the UnixFS file over the data blocks in file order: the CID of
// its root and the dag-pb nodes, leaves excluded. The layout is the balanced
// one of stock nodes, so that a file longer than K·MaxBlock has the root that
// `ipfs add --raw-leaves --chunker=size-1048576` gives with the same hash. A
// file of one block has that block as its root, and no nodes.
func (m *Manifest) File() (cid.Cid, []Node) {
	var level []child
	for s := range m.Stripes() {
		for j := range m.K {
			if n := m.BlockLen(s, j); n > 0 {
				level = append(level, child{m.Block(s, j), uint64(n), uint64(n)})
			}
		}
	}
	if len(level) == 0 {
		return m.Hash.CID(cid.Raw, m.Hash.Sum(nil)), nil
	}
	var nodes []Node
	for len(level) > 1 {
		var up []child
		for len(level) > 0 {
			n := min(fanout, len(level))
			node, c := m.node(level[:n])
			nodes, up, level = append(nodes, node), append(up, c), level[n:]
		}
		level = up
	}
	return level[0].cid, nodes
}

// node encodes one dag-pb node: its links (field 2: hash, name, size), then
// the UnixFS data (field 1: type, file size, block sizes).
func (m *Manifest) node(children []child) (Node, child) {
	var out, data []byte
	sum := child{}
	for _, c := range children {
		sum.bytes += c.bytes
		sum.total += c.total
		var l []byte
		l = appendBytes(l, 1, c.cid.Bytes())
		l = appendBytes(l, 2, nil)
		l = appendUint(l, 3, c.total)
		out = appendBytes(out, 2, l)
	}
	data = appendUint(data, 1, 2)
	data = appendUint(data, 3, sum.bytes)
	for _, c := range children {
		data = appendUint(data, 4, c.bytes)
	}
	out = appendBytes(out, 1, data)
	sum.total += uint64(len(out))
	sum.cid = m.Hash.CID(cid.DagProtobuf, m.Hash.Sum(out))
	return Node{CID: sum.cid, Data: out}, sum
}

func appendBytes(to []byte, field byte, v []byte) []byte {
	to = binary.AppendUvarint(append(to, field<<3|2), uint64(len(v)))
	return append(to, v...)
}

func appendUint(to []byte, field byte, v uint64) []byte {
	return binary.AppendUvarint(append(to, field<<3), v)
}

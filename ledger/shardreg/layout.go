package shardreg

// The layout of a stored file follows from its size and shape alone, as autonet/shards/manifest cuts it: blocks of
// min(1 MiB, ⌈size / data⌉), data blocks in file order over the data columns stripe by stripe, parity blocks whole.

// Sizes in bytes.
const (
	maxBlock  = 1 << 20
	chunkSize = 1024 // of BLAKE3
)

// Columns is the number of columns of the manifest.
func (m Manifest) Columns() int { return int(m.Data) + int(m.Parity) }

// BlockBytes is the size of a whole block.
func (m Manifest) BlockBytes() uint64 {
	data := uint64(m.Data)
	return min(maxBlock, (m.Size+data-1)/data)
}

// Stripes is the number of blocks of every column.
func (m Manifest) Stripes() uint64 {
	whole := uint64(m.Data) * m.BlockBytes()
	return (m.Size + whole - 1) / whole
}

// BlockLen is the size of a column's block in a stripe: data blocks end with the file.
func (m Manifest) BlockLen(stripe uint64, column uint16) uint64 {
	block := m.BlockBytes()
	if int(column) >= int(m.Data) {
		return block
	}
	start := (stripe*uint64(m.Data) + uint64(column)) * block
	return min(m.Size-min(start, m.Size), block)
}

// ColumnLen is the size of one column.
func (m Manifest) ColumnLen(column uint16) uint64 {
	last := m.Stripes() - 1
	return last*m.BlockBytes() + m.BlockLen(last, column)
}

// ColumnBytes is what a column counts against a provider's capacity: as much as the largest, a parity column.
func (m Manifest) ColumnBytes() uint64 { return m.Stripes() * m.BlockBytes() }

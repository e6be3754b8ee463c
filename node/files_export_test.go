package node

import (
	"autonet/node/roles"
	"autonet/shards/store"
)

// FilesOver are the files of a store, as roles use them; nothing can be pinned or fetched.
func FilesOver(s *store.Store) roles.Files { return files{store: s} }

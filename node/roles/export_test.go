package roles

// Halted reports whether err says that governance is silent.
func Halted(err error) bool { return halted(err) }

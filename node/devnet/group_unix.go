//go:build unix

package devnet

import "syscall"

// ownGroup keeps the terminal's interrupt from the children: we stop them ourselves, in order.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

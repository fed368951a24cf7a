package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestInstall(t *testing.T) {
	target := filepath.Join(t.TempDir(), "bin", "launcher")
	program, err := os.ReadFile(launcherProgram)
	must(t, err)
	runInstall := func() os.FileInfo {
		t.Helper()
		if output, err := exec.Command(launcherProgram, "install", target).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		content, err := os.ReadFile(target)
		must(t, err)
		info, err := os.Stat(target)
		must(t, err)
		if !bytes.Equal(content, program) || info.Mode().Perm() != 0o755 {
			t.Fatalf("%d bytes, mode %v", len(content), info.Mode())
		}
		return info
	}
	first := runInstall()
	if second := runInstall(); !os.SameFile(first, second) || !first.ModTime().Equal(second.ModTime()) {
		t.Error("the same program was written again")
	}
	must(t, os.WriteFile(target, []byte("an older one"), 0o755))
	runInstall()
	must(t, os.Chmod(target, 0o600))
	runInstall()
	version, err := exec.Command(target, "version").Output()
	if err != nil || string(version) != "1.2.3\n" {
		t.Errorf("%v, %q", err, version)
	}
	if left, _ := os.ReadDir(filepath.Dir(target)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestInstallOverTheRunningProgram(t *testing.T) {
	target := filepath.Join(t.TempDir(), "launcher")
	must(t, install(target))
	content, err := os.ReadFile("/bin/sleep")
	must(t, err)
	writeProgram(t, target, content)
	running := exec.Command(target, "60")
	must(t, running.Start())
	defer func() { _ = running.Process.Kill(); _ = running.Wait() }()
	must(t, install(target))
}

func TestInstallRefusesADirectory(t *testing.T) {
	if err := install(t.TempDir()); err == nil {
		t.Error("accepted")
	}
}

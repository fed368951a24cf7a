package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestVariablesOfLinksBecomeWhatTheyLeadTo(t *testing.T) {
	root := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(root, "tool", "1.0@abc"), 0o755))
	must(t, os.Symlink("1.0@abc", filepath.Join(root, "tool", "1.0")))
	must(t, os.Symlink("1.0", filepath.Join(root, "tool", ".default")))
	must(t, os.Symlink("2.0@gone", filepath.Join(root, "tool", "2.0")))
	target := filepath.Join(root, "tool", "1.0@abc")
	for name, path := range map[string]string{
		"PACKAGE_tool_1_0": filepath.Join(root, "tool", "1.0"),
		"PACKAGE_tool":     filepath.Join(root, "tool", ".default"),
		"PACKAGE_plain":    target,
		"PACKAGE_dangling": filepath.Join(root, "tool", "2.0"),
		"PACKAGE_missing":  filepath.Join(root, "other"),
		"OTHER":            filepath.Join(root, "tool", "1.0"),
	} {
		t.Setenv(name, path)
	}
	follow("PACKAGE_")
	for _, name := range []string{"PACKAGE_tool_1_0", "PACKAGE_tool", "PACKAGE_plain"} {
		if found := os.Getenv(name); found != target {
			t.Errorf("%s is %q instead of %q", name, found, target)
		}
	}
	for _, name := range []string{"PACKAGE_dangling", "PACKAGE_missing"} {
		if found, there := os.LookupEnv(name); there {
			t.Errorf("%s is still there: %q", name, found)
		}
	}
	if found := os.Getenv("OTHER"); found != filepath.Join(root, "tool", "1.0") {
		t.Errorf("OTHER was touched: %q", found)
	}
}

func TestTheCommandSeesWhereItsLinksLed(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	must(t, os.Mkdir(filepath.Join(root, "new"), 0o755))
	must(t, os.Symlink("new", filepath.Join(root, "link")))
	trial := prepareTrial(t, []string{"--follow", "PACKAGE_"}, "/bin/sh", "-c", `printf %s "$PACKAGE_tool$PACKAGE_gone"`)
	trial.command.Env = []string{"PACKAGE_tool=" + root + "/link", "PACKAGE_gone=" + root + "/gone"}
	trial.start().wait(10 * time.Second)
	if got := trial.file("stdout.txt"); got != root+"/new" {
		t.Errorf("got %q", got)
	}
}

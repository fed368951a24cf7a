// Command etcd is etcd's own server; its module publishes the entry point as a library only.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }

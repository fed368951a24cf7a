module millpond.dev/hack/cluster/binaries

go 1.26.0

require (
	go.etcd.io/etcd/server/v3 v3.6.8
	helm.sh/helm/v4 v4.2.4
	k8s.io/kubernetes v1.36.3
	sigs.k8s.io/kwok v0.8.0
)

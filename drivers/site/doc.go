// Package site knows the clusters of this user: the built-in site "local", and every site that was applied before.
//
//	known.go   Known and Remember: the files below the configuration folder
//	document.go a Site as commented YAML; imported.go  its name, and comments on what no scheduler knows (assay site import)
//	place.go   where this process uses a site: user and host
//	paths.go   the XDG folders, and the paths of a site that depend on who runs assay
//
// An applied Site is kept as NAME.yaml under $XDG_CONFIG_HOME/assay/sites, written through drivers/durable. Later commands
// choose it with --site NAME, or get it without asking when it is the only one.
package site

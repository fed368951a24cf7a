module millpond.dev/launcher

go 1.26

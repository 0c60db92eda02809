#!/bin/sh
# dbtruth hook 1. Written by `dbtruth hook install`; removed by `dbtruth hook uninstall`.
# Checks what is about to be committed: code, lock and configuration as the index has them.
if ! command -v dbtruth >/dev/null 2>&1; then
    echo "dbtruth is not on PATH: install it, or remove this hook ($0)" >&2
    exit 1
fi
exec dbtruth hook run

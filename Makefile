# SPDX-License-Identifier: Apache-2.0
# Each target runs one command of meson or one script of .ci/.
BUILD ?= build

.PHONY: all demo test install uninstall deb fuzz soak bench format clean help

all: $(BUILD)/build.ninja
	ninja $(NINJAFLAGS) -C $(BUILD)

$(BUILD)/build.ninja:
	meson setup --buildtype=release -Dtests=false $(BUILD)

demo:
	@.ci/packages.sh
	@echo "== building a release in $(BUILD)"
	@$(MAKE) --no-print-directory --silent NINJAFLAGS=--quiet all
	@examples/demo.sh $(BUILD)/cli/curate

test:
	@.ci/packages.sh
	@.ci/test.sh

install: all
	meson install -C $(BUILD)

uninstall:
	ninja -C $(BUILD) uninstall

deb:
	@.ci/packages.sh
	@.ci/deb.sh build

fuzz:
	@.ci/fuzz.sh

soak: all
	python3 -B tests/soak/kill.py $(BUILD)/cli/curate models $(or $(SOAK_KILLS),1000)
	python3 -B tests/soak/fetch.py $(BUILD)/cli/curate tests/support $(or $(SOAK_KILLS),1000)
	@.ci/soak.sh

bench: all
	meson test -C $(BUILD) --benchmark --verbose

format:
	git ls-files '*.[ch]' '*.cc' | xargs clang-format -i

clean:
	rm -rf build build-test build-clang build-lean build-asan build-tsan build-fuzz build-deb

help:
	@echo "make            build a release in $(BUILD)/"
	@echo "make demo       install missing packages, build, and run examples/demo.yaml"
	@echo "make test       install missing packages, build with warnings as errors, run every suite"
	@echo "make install    install the release under /usr/local; DESTDIR is honoured"
	@echo "make uninstall  remove what the last make install installed"
	@echo "make deb        build a Debian package in build-deb/"
	@echo "make fuzz       search for crashes, FUZZ_SECONDS=60 of processor time for each target"
	@echo "make soak       kill the program SOAK_KILLS=1000 times and compare the results; ingest"
	@echo "                SOAK_MUTANTS=10000 damaged corpora; make each operation on files fail"
	@echo "make bench      run the measuring programs; see bench/README.md"
	@echo "make format     format the C files with clang-format"
	@echo "make clean      remove the build directories"

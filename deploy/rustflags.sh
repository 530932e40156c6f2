# Sourced at the root of the source by what builds a binary to be deployed: the flags of rustc for `$host` and for the folder
# `$target`. With --target they spare build scripts, which stay dynamic.

# Static, so that an image needs nothing else. With frame pointers, by which what unwinds the stack is described in less
# (a quarter of a megabyte), and profilers work. A table of addresses to relocate takes a bit each, rather than 24 bytes; to
# start, the program then needs a C library that reads such tables: glibc 2.36 or newer on the machine that builds. Code that
# hardly ever runs stays apart: the kernel maps 64 KB around what is used.
export RUSTFLAGS="-C target-feature=+crt-static -C force-frame-pointers=yes -C link-arg=-Wl,-z,pack-relative-relocs
    -C link-arg=-Wl,-z,keep-text-section-prefix"
# Only rust-lld, which is the linker on this architecture alone, takes lists of what to lay side by side (start.py), and keeps
# one of functions that come out alike, as generic ones do for types of one size.
case $host in x86_64-*-linux-gnu)
    RUSTFLAGS+=" -C link-arg=-Wl,--icf=all -C link-arg=-Wl,--symbol-ordering-file=$PWD/deploy/start.order
        -C link-arg=-Wl,--no-warn-symbol-ordering -C link-arg=-Wl,-T,$PWD/deploy/start.ld" ;;
esac
# The machine's paths stay out of it. The last prefix that fits counts, and the target folder may be inside of the source.
RUSTFLAGS+="
    --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo
    --remap-path-prefix=$(rustc --print sysroot)=/rust
    --remap-path-prefix=$PWD=/src
    --remap-path-prefix=$target=/target"

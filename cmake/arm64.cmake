# A cross-build for ARM gateways: Debian's compiler, and Debian's own arm64 libraries unpacked in build/arm64-root
# (./dev arm64 puts them there).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_SYSROOT ${CMAKE_CURRENT_LIST_DIR}/../build/arm64-root)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${CMAKE_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static;-L;${CMAKE_SYSROOT})
# What dpkg-shlibdeps would find in a system of that architecture.
set(CEMSD_SHARED_LIBRARIES "libc6 (>= 2.36), libjansson4 (>= 2.14), libmicrohttpd12 (>= 0.9.75), libmodbus5 (>= 3.1.6), libsqlite3-0 (>= 3.40), libssl3 (>= 3.0), libsystemd0 (>= 252), libuv1 (>= 1.44), libyaml-0-2 (>= 0.2.5), libzmq5 (>= 4.3.4), zlib1g (>= 1:1.2.13)")

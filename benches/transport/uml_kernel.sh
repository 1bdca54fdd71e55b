#!/bin/sh
# Builds user-mode Linux with uhid and hidraw out of Debian's kernel sources: FOLDER/linux, once.
# uml_kernel.sh FOLDER: takes minutes and two gigabytes below FOLDER, which it clears away again.
set -eu
folder=$1
[ ! -e "$folder/linux" ] || exit 0
packages="bc bison flex gcc make xz-utils"
for tool in bc bison flex gcc make xz dpkg-deb; do
    command -v "$tool" >/dev/null || {
        echo "missing $tool: packages $packages"
        exit 1
    }
done
version=6.12
mkdir -p "$folder/download" "$folder/source"
(cd "$folder/download" && apt-get download "linux-source-$version" >&2)
dpkg-deb -x "$folder/download/linux-source-$version"_*.deb "$folder/download"
tar -xJf "$folder/download/usr/src/linux-source-$version.tar.xz" -C "$folder/source" --strip-components=1
cd "$folder/source"
cat >fragment <<'END'
CONFIG_64BIT=y
CONFIG_PRINTK=y
CONFIG_BUG=y
CONFIG_MULTIUSER=y
CONFIG_FUTEX=y
CONFIG_EPOLL=y
CONFIG_SIGNALFD=y
CONFIG_TIMERFD=y
CONFIG_EVENTFD=y
CONFIG_POSIX_TIMERS=y
CONFIG_SHMEM=y
CONFIG_ADVISE_SYSCALLS=y
CONFIG_MEMBARRIER=y
CONFIG_FILE_LOCKING=y
CONFIG_HIGH_RES_TIMERS=y
CONFIG_NO_HZ_IDLE=y
CONFIG_BINFMT_ELF=y
CONFIG_BINFMT_SCRIPT=y
CONFIG_BLK_DEV_INITRD=y
CONFIG_RD_GZIP=y
CONFIG_PROC_FS=y
CONFIG_SYSFS=y
CONFIG_DEVTMPFS=y
CONFIG_TMPFS=y
CONFIG_TTY=y
CONFIG_STDERR_CONSOLE=y
CONFIG_STDIO_CONSOLE=y
CONFIG_NULL_CHAN=y
CONFIG_FD_CHAN=y
CONFIG_NET=y
CONFIG_UNIX=y
CONFIG_INPUT=y
CONFIG_HID_SUPPORT=y
CONFIG_HID=y
CONFIG_HIDRAW=y
CONFIG_UHID=y
CONFIG_HID_GENERIC=y
CONFIG_CC_OPTIMIZE_FOR_PERFORMANCE=y
END
make -s ARCH=um KCONFIG_ALLCONFIG=fragment allnoconfig
# What an option's dependencies do not allow is left out without a word.
for option in HIDRAW UHID HID_GENERIC DEVTMPFS BLK_DEV_INITRD UNIX; do
    grep -qx "CONFIG_$option=y" .config || {
        echo "CONFIG_$option cannot be had"
        exit 1
    }
done
make -s ARCH=um -j"$(nproc)" linux >&2
strip -o "$folder/linux" linux
cd "$folder"
rm -rf source download

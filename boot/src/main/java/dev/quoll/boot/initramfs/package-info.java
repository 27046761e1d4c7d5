/** Initial ramdisks: a writer of cpio archives, and the small busybox system that Quoll boots into by default. */
package dev.quoll.boot.initramfs;

/**
 * File sharing: a virtio-fs device (virtio 1.2, section 5.11) that serves a folder of the host with the FUSE protocol, version 7.31
 * and later (Linux's include/uapi/linux/fuse.h).
 */
package dev.quoll.devices.share;

/** The download kit: stock Debian kernels and busybox through the host's own apt, kept in the user's cache folder. */
package dev.quoll.boot.kit;

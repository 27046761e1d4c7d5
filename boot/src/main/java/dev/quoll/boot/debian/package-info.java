/** Root disks of Debian, made from its packages by its own tools. */
package dev.quoll.boot.debian;

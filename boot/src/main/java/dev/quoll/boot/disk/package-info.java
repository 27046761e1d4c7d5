/** What lies on a disk, as far as booting needs it: partition tables, and files in ext2, ext3 and ext4. */
package dev.quoll.boot.disk;

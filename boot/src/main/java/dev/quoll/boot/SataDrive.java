package dev.quoll.boot;

import dev.quoll.devices.block.ImageSource;

/**
 * A drive at the board's AHCI controller, opened when the machine is made.
 *
 * @param optical whether the image is a disc in a CD-ROM drive, or a disk
 * @param serial what the drive says its serial number is
 */
public record SataDrive(ImageSource image, boolean optical, String serial) {}

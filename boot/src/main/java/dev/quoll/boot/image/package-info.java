/**
 * Kernel images: recognition ({@link dev.quoll.boot.image.KernelImage#parse}), then loading into guest memory together
 * with what each boot protocol wants to find there. Knows neither engine nor devices.
 */
package dev.quoll.boot.image;

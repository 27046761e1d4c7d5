/**
 * Network cards and what is behind them: virtio-net (virtio 1.2, section 5.1), the contract between a card and a back-end, the tap
 * back-end, captures and rate limits. User-mode networking is in {@code dev.quoll.devices.net.user}.
 */
package dev.quoll.devices.net;

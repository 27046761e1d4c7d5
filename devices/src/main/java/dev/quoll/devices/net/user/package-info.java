/**
 * A network in user mode: a guest's packets end here and go on through the host's ordinary sockets, so that no privilege is needed.
 * Ethernet, ARP (RFC 826), IPv4 (RFC 791), ICMP (RFC 792), UDP, TCP (RFC 9293) and DHCP (RFC 2131) towards the guest;
 * {@link java.nio.channels.SocketChannel} and {@link java.nio.channels.DatagramChannel} towards the host.
 *
 * <p>One thread does everything, so nothing here is locked. The guest is not trusted: whatever it sends, memory, sockets and threads
 * stay within {@link dev.quoll.devices.net.user.Limits}.
 */
package dev.quoll.devices.net.user;

package dev.quoll.bindings.network;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.linux.ifreq;
import dev.quoll.bindings.linux.linux_h;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * The user's end of a tap interface (the kernel's Documentation/networking/tuntap.rst): one read or write is one Ethernet frame behind
 * a {@code struct virtio_net_hdr_v1} of {@link #HEADER} bytes. Non-blocking. The interface is made when there is none of its name and the
 * process may; it goes with the descriptor then.
 */
public final class TapInterface implements AutoCloseable {
    /** Bytes of the header before each frame. */
    public static final int HEADER = 12;

    private static final String DEVICE = "/dev/net/tun";

    private final FileDescriptor descriptor;
    private final String name;

    private TapInterface(FileDescriptor descriptor, String name) {
        this.descriptor = descriptor;
        this.name = name;
    }

    /**
     * Opens an interface.
     *
     * @param name at most 15 bytes; with {@code %d} in it the kernel chooses a number
     * @throws NativeException if the kernel refuses; the message says what usually helps
     */
    public static TapInterface open(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        if (bytes.length == 0 || bytes.length >= linux_h.IFNAMSIZ()) {
            throw new IllegalArgumentException(
                    "\"%s\" is not the name of an interface: 1 to %d characters".formatted(name, linux_h.IFNAMSIZ() - 1));
        }
        var descriptor = FileDescriptor.open(DEVICE, linux_h.O_RDWR() | linux_h.O_NONBLOCK());
        try (var arena = Arena.ofConfined()) {
            var request = ifreq.allocate(arena);
            var nameField = ifreq.ifr_ifrn.ifrn_name(ifreq.ifr_ifrn(request));
            for (int i = 0; i < bytes.length; i++) {
                nameField.set(ValueLayout.JAVA_BYTE, i, bytes[i]);
            }
            int flags = linux_h.IFF_TAP() | linux_h.IFF_NO_PI() | linux_h.IFF_VNET_HDR();
            ifreq.ifr_ifru.ifru_flags(ifreq.ifr_ifru(request), (short) flags);
            descriptor.ioctl("TUNSETIFF", linux_h.TUNSETIFF(), request);
            var size = arena.allocateFrom(ValueLayout.JAVA_INT, HEADER);
            descriptor.ioctl("TUNSETVNETHDRSZ", linux_h.TUNSETVNETHDRSZ(), size);
            return new TapInterface(descriptor, nameField.getString(0, StandardCharsets.US_ASCII));
        } catch (NativeException e) {
            descriptor.close();
            throw e.is(Errno.EINVAL) && e.call().equals("TUNSETIFF")
                    ? new NativeException(e.call(), name + ", which is not a tap interface for one queue,", e.errno())
                    : new NativeException(e.call(), "tap interface " + name, e.errno());
        }
    }

    /** Name of the interface. */
    public String name() {
        return name;
    }

    /** To read, write and wait for. */
    public FileDescriptor descriptor() {
        return descriptor;
    }

    /**
     * Says what frames that are read may leave to the reader.
     *
     * @param checksum TCP and UDP checksums
     * @param tcp4 large TCP segments over IPv4; with {@code checksum} only
     * @param tcp6 the same over IPv6
     * @throws NativeException if the kernel refuses
     */
    public void setOffload(boolean checksum, boolean tcp4, boolean tcp6) {
        int flags = (checksum ? linux_h.TUN_F_CSUM() : 0) | (tcp4 ? linux_h.TUN_F_TSO4() : 0) | (tcp6 ? linux_h.TUN_F_TSO6() : 0);
        descriptor.ioctl("TUNSETOFFLOAD", linux_h.TUNSETOFFLOAD(), flags);
    }

    @Override
    public void close() {
        descriptor.close();
    }

    @Override
    public String toString() {
        return "tap interface " + name;
    }
}

package dev.quoll.devices.net.user;

import dev.quoll.bindings.file.Polling;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.bindings.network.TapInterface;
import dev.quoll.devices.net.NetworkBackend;
import dev.quoll.devices.net.NetworkFrame;
import dev.quoll.devices.net.NetworkPort;
import dev.quoll.devices.net.Offloads;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * The host's own kernel as the guest of a network: a network namespace with nothing in it but a tap interface, whose user's end is the
 * card. So the TCP of this package is judged by Linux's without booting anything. Needs root.
 */
final class LinuxGuest implements NetworkPort, AutoCloseable {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int HEADER = TapInterface.HEADER;

    private final String namespace;
    private final TapInterface tap;
    private final Offloads offloads;
    private final MemorySegment buffer = Arena.ofAuto().allocate(HEADER + NetworkFrame.MAX_LENGTH);
    private final MemorySegment out = Arena.ofAuto().allocate(HEADER + NetworkFrame.MAX_LENGTH);
    private final Semaphore armed = new Semaphore(0);
    private final Thread poller;
    private volatile NetworkBackend backend;
    private volatile boolean closing;
    volatile String failure;
    private int lossPerMille;
    private Random random;

    /** Why it cannot be used here; null when it can. */
    static String missing() {
        if (!"root".equals(System.getProperty("user.name"))) {
            return "network namespaces need root";
        }
        if (!Files.exists(Path.of("/dev/net/tun"))) {
            return "there is no /dev/net/tun";
        }
        return Files.exists(Path.of("/usr/sbin/ip")) || Files.exists(Path.of("/sbin/ip")) ? null : "there is no ip command";
    }

    LinuxGuest(Offloads offloads) throws IOException, InterruptedException {
        this.offloads = offloads;
        namespace = "quoll" + ProcessHandle.current().pid() + "x" + System.nanoTime() % 100000;
        tap = TapInterface.open("qtap%d");
        tap.setOffload(offloads.checksum(), offloads.tcp4(), false);
        host("ip", "netns", "add", namespace);
        host("ip", "link", "set", tap.name(), "netns", namespace);
        run("ip", "link", "set", "lo", "up");
        run("ip", "link", "set", tap.name(), "address", "52:54:00:12:34:56", "up");
        poller = Thread.ofPlatform().daemon().name("linux-guest").start(this::poll);
    }

    void use(NetworkBackend network) {
        backend = network;
        network.start(this, "network-under-test");
    }

    /** The address and routes that DHCP would give. */
    void configure() throws IOException, InterruptedException {
        run("ip", "addr", "add", "10.0.2.15/24", "dev", tap.name());
        run("ip", "route", "add", "default", "via", "10.0.2.2");
    }

    /** Loses some of the frames of both directions. */
    void lose(int perMille, Random source) {
        lossPerMille = perMille;
        random = source;
    }

    private boolean lost() {
        return lossPerMille > 0 && random.nextInt(1000) < lossPerMille;
    }

    String interfaceName() {
        return tap.name();
    }

    private static String host(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
        return output;
    }

    /** Runs a command in the guest and gives its output. */
    String run(String... command) throws IOException, InterruptedException {
        return host(inside(command).toArray(String[]::new));
    }

    /** The command line that runs a command in the guest. */
    List<String> inside(String... command) {
        List<String> whole = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
        whole.addAll(List.of(command));
        return whole;
    }

    private void poll() {
        Polling polling = new Polling(List.of(tap.descriptor()), linux_h.POLLIN());
        try {
            while (!closing) {
                armed.acquire();
                armed.drainPermits();
                while (!closing && polling.await(100) == 0) { }
                NetworkBackend current = backend;
                if (!closing && current != null) {
                    current.wake();
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public Offloads accepts() {
        return offloads;
    }

    @Override
    public boolean take(NetworkFrame frame) {
        long count;
        do {
            count = tap.descriptor().read(buffer);
            if (count < HEADER) {
                return false;
            }
        } while (lost());
        int length = (int) count - HEADER;
        MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, HEADER, frame.bytes(), 0, length);
        frame.setLength(length);
        frame.setOffload(buffer.get(ValueLayout.JAVA_BYTE, 0), buffer.get(ValueLayout.JAVA_BYTE, 1) & 0xff, buffer.get(SHORT, 2) & 0xffff,
                buffer.get(SHORT, 4) & 0xffff, buffer.get(SHORT, 6) & 0xffff, buffer.get(SHORT, 8) & 0xffff);
        return true;
    }

    @Override
    public boolean offer(NetworkFrame frame) {
        if (lost()) {
            return true;
        }
        out.set(ValueLayout.JAVA_BYTE, 0, (byte) frame.flags());
        out.set(ValueLayout.JAVA_BYTE, 1, (byte) frame.gsoType());
        out.set(SHORT, 2, (short) frame.headerLength());
        out.set(SHORT, 4, (short) frame.gsoSize());
        out.set(SHORT, 6, (short) frame.checksumStart());
        out.set(SHORT, 8, (short) frame.checksumOffset());
        MemorySegment.copy(frame.bytes(), 0, out, ValueLayout.JAVA_BYTE, HEADER, frame.length());
        tap.descriptor().write(out.asSlice(0, HEADER + frame.length()));
        return true;
    }

    @Override
    public void flush() { }

    @Override
    public boolean arm() {
        armed.release();
        return false;
    }

    @Override
    public void linkChanged(boolean up) { }

    @Override
    public void failed(String reason) {
        failure = reason;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        closing = true;
        if (backend != null) {
            backend.close();
        }
        armed.release();
        poller.join(TimeUnit.SECONDS.toMillis(5));
        tap.close();
        host("ip", "netns", "del", namespace);
    }
}

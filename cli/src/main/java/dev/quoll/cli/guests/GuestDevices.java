package dev.quoll.cli.guests;

import dev.quoll.devices.debug.DebugExitPort;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Machine;
import dev.quoll.machine.MmioDevice;
import dev.quoll.machine.MsiSink;
import dev.quoll.machine.PortDevice;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The devices of our own guests: a port for text, a scratch port of 32 bits, a port that sends a message-signalled interrupt
 * to CPU 0 with what is written as its data, the debug exit port, and a page of 64-bit device registers of which the first
 * counts the accesses to the page.
 */
final class GuestDevices implements PortDevice, MmioDevice {
    private static final long MSI_ADDRESS = 0xfee0_0000L;
    private static final int REGISTER_COUNT = 512;

    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final AtomicLongArray registers = new AtomicLongArray(REGISTER_COUNT);
    private final MsiSink msi;
    private volatile int scratch;

    private GuestDevices(MsiSink msi) {
        this.msi = msi;
    }

    static GuestDevices attach(Machine machine) {
        GuestDevices devices = new GuestDevices(machine.partition().msiSink());
        machine.ports().register(GuestLayout.OUTPUT_PORT, 1, AccessWidths.BYTE, devices.new Output());
        machine.ports().register(GuestLayout.SCRATCH_PORT, 4, AccessWidths.BYTE_TO_DWORD, devices);
        machine.ports().register(GuestLayout.MSI_PORT, 4, AccessWidths.BYTE_TO_DWORD, devices.new MsiPort());
        machine.ports()
                .register(
                        GuestLayout.EXIT_PORT,
                        DebugExitPort.PORTS,
                        DebugExitPort.WIDTHS,
                        machine.add(new DebugExitPort(machine.power())));
        machine.mmio().register(GuestLayout.REGISTERS, 8L * REGISTER_COUNT, AccessWidths.BYTE_TO_QWORD, devices);
        return devices;
    }

    /** What the guest has written to the text port. */
    String output() {
        synchronized (output) {
            return output.toString(StandardCharsets.ISO_8859_1);
        }
    }

    /** A device register's value. */
    long register(int number) {
        return registers.get(number);
    }

    @Override
    public int readPort(int offset, int width) {
        return scratch >>> 8 * offset;
    }

    @Override
    public void writePort(int offset, int width, int value) {
        int mask = (int) (0xffff_ffffL >>> 32 - 8 * width) << 8 * offset;
        scratch = scratch & ~mask | value << 8 * offset & mask;
    }

    @Override
    public long readMmio(long offset, int width) {
        registers.incrementAndGet(0);
        return registers.get((int) (offset >>> 3)) >>> 8 * (offset & 7);
    }

    @Override
    public void writeMmio(long offset, int width, long value) {
        registers.incrementAndGet(0);
        int shift = (int) (8 * (offset & 7));
        long mask = -1L >>> 64 - 8 * width << shift;
        registers.updateAndGet((int) (offset >>> 3), old -> old & ~mask | value << shift & mask);
    }

    /** The text port. */
    private final class Output implements PortDevice {
        @Override
        public int readPort(int offset, int width) {
            return GuestLayout.OUTPUT_PORT;
        }

        @Override
        public void writePort(int offset, int width, int value) {
            synchronized (output) {
                output.write(value);
            }
        }
    }

    /** The port that sends messages. */
    private final class MsiPort implements PortDevice {
        @Override
        public int readPort(int offset, int width) {
            return 0;
        }

        @Override
        public void writePort(int offset, int width, int value) {
            msi.signal(MSI_ADDRESS, value);
        }
    }
}

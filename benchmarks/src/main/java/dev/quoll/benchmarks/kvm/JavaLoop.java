package dev.quoll.benchmarks.kvm;

import dev.quoll.bindings.file.EventCounter;
import dev.quoll.bindings.file.Polling;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.kvm.KvmEngine;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Segment;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.CpuProfile;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.EventWiring;
import dev.quoll.machine.Machine;
import dev.quoll.machine.MachineConfig;
import dev.quoll.machine.MmioDevice;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.VirtualCpu;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A guest on Quoll's own loop around {@code KVM_RUN}. The thread that makes it runs it. */
final class JavaLoop implements AutoCloseable {
    private static final long MEMORY = 0x1_0000;
    private static final int STACK = 0x7000;
    private static final int SECOND = 1_000;

    /** The device at the port and in device memory. */
    private static final class Sink implements PortDevice, MmioDevice {
        private long last;

        @Override
        public int readPort(int offset, int width) {
            return 0;
        }

        @Override
        public void writePort(int offset, int width, int value) {
            last = value;
        }

        @Override
        public long readMmio(long offset, int width) {
            return last;
        }

        @Override
        public void writeMmio(long offset, int width, long value) {
            last = value;
        }
    }

    private final int count;
    private final Machine machine;
    private final VirtualCpu cpu;
    private final EventCounter doorbell = EventCounter.create();
    private final EventCounter interrupt = EventCounter.create();

    /** @param count exits, or round trips, in a run */
    JavaLoop(ExitGuest guest, int count) throws IOException, EngineException {
        this.count = count;
        machine = Machine.create(
                new MachineConfig(List.of(new RamRegion(0, MEMORY, 0)), CpuProfile.V2, 1, false), new KvmEngine());
        cpu = machine.partition().cpu(0);
        Sink sink = new Sink();
        machine.ports().register(ExitGuest.PORT_NUMBER, 1, AccessWidths.BYTE, sink);
        machine.mmio().register(ExitGuest.DEVICE, 0x1000, new AccessWidths(1, 8), sink);
        machine.ports().register(ExitGuest.STOP, 1, AccessWidths.BYTE, new PortDevice() {
            @Override
            public int readPort(int offset, int width) {
                return 0;
            }

            @Override
            public void writePort(int offset, int width, int value) {
                cpu.kick();
            }
        });
        machine.memory().write(ExitGuest.CODE, guest.code(count));
        machine.memory().write(ExitGuest.HANDLER, ExitGuest.bytes(ExitGuest.HANDLER_CODE));
        machine.memory().writeInt(4L * ExitGuest.VECTOR, (int) ExitGuest.HANDLER);
        EventWiring wiring = machine.partition().eventWiring().orElseThrow();
        if (guest == ExitGuest.IOEVENTFD || guest == ExitGuest.ROUND_TRIP) {
            wiring.doorbell(ExitGuest.DOORBELL, ExitGuest.DOORBELL_WIDTH, doorbell.descriptor().number());
            wiring.interrupt(interrupt.descriptor().number()).set(ExitGuest.APIC, ExitGuest.VECTOR);
        }
        enter();
    }

    private void enter() {
        CpuElement.Segments reset = (CpuElement.Segments) cpu.read(CpuElement.Kind.SEGMENTS);
        Segment data = segment(0);
        cpu.write(new CpuElement.Segments(
                segment(ExitGuest.APIC),
                new Segment(0, 0, 0xffff, 0x9b),
                data,
                data,
                segment(ExitGuest.DEVICE),
                data,
                reset.ldtr(),
                reset.tr(),
                reset.gdtr(),
                reset.idtr()));
        List<Long> registers = new ArrayList<>(Collections.nCopies(16, 0L));
        registers.set(4, (long) STACK);
        cpu.write(new CpuElement.General(registers, ExitGuest.CODE, 2));
    }

    private static Segment segment(long base) {
        return new Segment(0, base, 0xffff, 0x93);
    }

    /** The guest from its beginning to its end. */
    void run() {
        CpuExit exit = cpu.run();
        if (!exit.equals(CpuExit.Kicked.INSTANCE)) {
            throw new IllegalStateException("the guest did not come to its end: " + exit);
        }
    }

    ExitCost.Pace pace() {
        var threads = ManagementFactory.getThreadMXBean();
        long wall = System.nanoTime();
        long time = threads.getCurrentThreadCpuTime();
        run();
        time = threads.getCurrentThreadCpuTime() - time;
        wall = System.nanoTime() - wall;
        doorbell.drain();
        return new ExitCost.Pace((double) time / count, (double) wall / count);
    }

    /** Answers each doorbell with an interrupt, as a device's thread does. */
    ExitCost.Latency latency() throws InterruptedException {
        long[] nanos = new long[count];
        Thread device = Thread.ofPlatform().daemon().start(() -> {
            Polling rung = new Polling(List.of(doorbell.descriptor()), linux_h.POLLIN());
            long signalled = 0;
            for (int trip = 0; trip < count; ) {
                if (rung.await(SECOND) > 0 && doorbell.drain() > 0) {
                    long now = System.nanoTime();
                    nanos[trip++] = now - signalled;
                    signalled = System.nanoTime();
                    interrupt.signal();
                }
            }
        });
        run();
        device.join();
        nanos[0] = nanos[1]; // nothing was signalled before the first
        return ExitCost.Latency.of(nanos);
    }

    @Override
    public void close() {
        machine.close();
        doorbell.close();
        interrupt.close();
    }
}

package dev.quoll.devices.virtio;

import dev.quoll.machine.Device;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.MmioBus;
import java.util.function.Consumer;

/** A virtio-mmio driver's half of the transport; its interrupt handler runs when the wire rises, and on until it has fallen. */
final class MmioDriverTransport implements DriverTransport {
    private static final long BASE = 0xc000_1000L;
    private static final int STATUS = 0x70;
    private static final int INTERRUPT_STATUS = 0x60;
    private static final int INTERRUPT_ACK = 0x64;

    private final MmioBus bus = new MmioBus();
    private final VirtioMmioDevice<?> device;
    private final Thread handler;
    private boolean high;
    private boolean closed;
    private int queueInterrupts;
    private int configInterrupts;

    MmioDriverTransport(VirtioDevice<?> model, GuestMemory memory, boolean packed, Consumer<String> notices) {
        device = new VirtioMmioDevice<>(model, new VirtioWiring(memory, this::level, packed, notices));
        bus.register(BASE, VirtioMmioDevice.LENGTH, VirtioMmioDevice.WIDTHS, device);
        handler = Thread.ofPlatform().daemon().name("test-interrupts").start(this::handle);
    }

    private synchronized void level(boolean now) {
        high = now;
        notifyAll();
    }

    private void handle() {
        while (true) {
            synchronized (this) {
                while (!high && !closed) {
                    try {
                        wait();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
                if (closed) {
                    return;
                }
            }
            long bits = read(INTERRUPT_STATUS);
            write(INTERRUPT_ACK, bits);
            synchronized (this) {
                queueInterrupts += (int) bits & 1;
                configInterrupts += (int) bits >>> 1 & 1;
                notifyAll();
            }
        }
    }

    private long read(int register) {
        return bus.read(BASE + register, 4);
    }

    private void write(int register, long value) {
        bus.write(BASE + register, 4, value);
    }

    @Override
    public int status() {
        return (int) read(STATUS);
    }

    @Override
    public void setStatus(int value) {
        write(STATUS, value);
    }

    @Override
    public long deviceFeatures() {
        write(0x14, 0);
        long low = read(0x10);
        write(0x14, 1);
        return low | read(0x10) << 32;
    }

    @Override
    public void setDriverFeatures(long features) {
        write(0x24, 0);
        write(0x20, features & 0xffff_ffffL);
        write(0x24, 1);
        write(0x20, features >>> 32);
    }

    @Override
    public int queueMaximum(int queue) {
        write(0x30, queue);
        return (int) read(0x34);
    }

    @Override
    public void enableQueue(int queue, int size, long descriptors, long driver, long deviceArea) {
        write(0x30, queue);
        write(0x38, size);
        long[] areas = {descriptors, driver, deviceArea};
        for (int i = 0; i < areas.length; i++) {
            write(0x80 + 0x10 * i, areas[i] & 0xffff_ffffL);
            write(0x84 + 0x10 * i, areas[i] >>> 32);
        }
        write(0x44, 1);
    }

    @Override
    public void notify(int queue) {
        write(0x50, queue);
    }

    @Override
    public long readConfig(int offset, int width) {
        return bus.read(BASE + 0x100 + offset, width);
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        bus.write(BASE + 0x100 + offset, width, value);
    }

    /** The wire does not tell queues apart. */
    @Override
    public synchronized int queueInterrupts(int queue) {
        return queueInterrupts;
    }

    @Override
    public synchronized int configInterrupts() {
        return configInterrupts;
    }

    @Override
    public synchronized int awaitInterrupt(int seen, long millis) throws InterruptedException {
        long end = System.nanoTime() + millis * 1_000_000;
        while (queueInterrupts + configInterrupts <= seen) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                break;
            }
            wait(left);
        }
        return queueInterrupts + configInterrupts;
    }

    @Override
    public synchronized void settle() throws InterruptedException {
        while (high) {
            wait(1);
        }
    }

    @Override
    public Device<?> underTest() {
        return device;
    }

    @Override
    public void suspend() {
        device.suspend();
    }

    @Override
    public void resume() {
        device.resume();
    }

    @Override
    public void close() {
        device.close();
        synchronized (this) {
            closed = true;
            notifyAll();
        }
    }
}

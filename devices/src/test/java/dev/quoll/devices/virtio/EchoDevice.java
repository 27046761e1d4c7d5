package dev.quoll.devices.virtio;

import dev.quoll.machine.GuestMemory;

/** A device for tests of queues and transports: each queue answers a request with its readable bytes, the order kept. */
public final class EchoDevice implements VirtioDevice<EchoDevice.State> {
    /** @param register configuration that the driver may write */
    public record State(long register) {}

    static final int QUEUE_SIZE = 64;
    static final int FEATURE = 3;

    private final GuestMemory memory;
    private final int queueCount;
    private final byte[] buffer = new byte[1 << 16];
    private volatile long register;
    private volatile QueueWorker worker;
    volatile VirtioQueues queues;

    public EchoDevice(GuestMemory memory, int queueCount) {
        this.memory = memory;
        this.queueCount = queueCount;
    }

    @Override
    public String name() {
        return "echo";
    }

    @Override
    public int deviceId() {
        return 42;
    }

    @Override
    public long features() {
        return 1L << FEATURE;
    }

    @Override
    public int queues() {
        return queueCount;
    }

    @Override
    public int queueSize(int queue) {
        return QUEUE_SIZE;
    }

    @Override
    public int configLength() {
        return 10;
    }

    @Override
    public long readConfig(int offset, int width) {
        return offset >= 8 ? 0x5a : register >>> 8 * offset;
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        if (offset < 8) {
            long mask = (-1L >>> 64 - 8 * width) << 8 * offset;
            register = register & ~mask | value << 8 * offset & mask;
        }
    }

    @Override
    public void start(VirtioQueues live) {
        queues = live;
        Virtqueue[] served = new Virtqueue[queueCount];
        for (int i = 0; i < queueCount; i++) {
            served[i] = live.queue(i);
        }
        worker = new QueueWorker("echo", memory, live, this::echo, served);
    }

    private boolean echo(Virtqueue queue, DescriptorChain chain) throws VirtqueueException {
        int length = chain.read(buffer, 0, buffer.length);
        chain.write(buffer, 0, length);
        queue.complete(chain, chain.written());
        return true;
    }

    @Override
    public void notified(int queue) {
        QueueWorker now = worker;
        if (now != null) {
            now.notified();
        }
    }

    @Override
    public void stop() {
        if (worker != null) {
            worker.stop();
            worker = null;
        }
        register = 0;
    }

    @Override
    public State save() {
        return new State(register);
    }

    @Override
    public void restore(State state) {
        register = state.register;
    }

    @Override
    public void quiesce() {
        worker.quiesce();
    }
}

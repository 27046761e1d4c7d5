package dev.quoll.devices.virtio;

import dev.quoll.machine.GuestMemory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A driver's side of one queue, split or packed, one thread at a time. */
public abstract class TestQueue {
    /** A request given to the device and not taken back yet. */
    public static final class Request {
        private final List<long[]> writable = new ArrayList<>();
        private byte[] answer;

        private Request() {}

        /** Whether the device gave it back and the queue has seen that. */
        public boolean done() {
            return answer != null;
        }

        /** The bytes that the device says it wrote, from all writable buffers in order. */
        public byte[] answer() {
            return answer;
        }
    }

    /** A buffer as it goes into a descriptor. */
    record Buffer(long address, int length, boolean writable) {}

    private static final long TIMEOUT_SECONDS = 10;

    final GuestMemory memory;
    final int size;
    private final int index;
    private final DriverTransport transport;
    private final TestMemory room;
    private final Deque<Integer> freeIds = new ArrayDeque<>();
    private final Map<Integer, Request> pending = new HashMap<>();

    TestQueue(int index, int size, DriverTransport transport, TestMemory room) {
        this.index = index;
        this.size = size;
        this.transport = transport;
        this.room = room;
        memory = room.memory();
        for (int id = 0; id < size; id++) {
            freeIds.add(id);
        }
    }

    /** Makes a chain available. @param ids a free descriptor number for each buffer; the first names the chain */
    abstract void publish(int[] ids, List<Buffer> chain, boolean indirect);

    /** The next used chain's id and written length, or null. */
    abstract int[] nextUsed();

    /** Asks for an interrupt at the next used chain. */
    abstract void wantInterrupt();

    /** Whether the device wants a doorbell for what was published last. */
    abstract boolean doorbellWanted();

    /** Frees the descriptors of a chain. */
    abstract int[] release(int id);

    abstract long descriptors();

    abstract long driverArea();

    abstract long deviceArea();

    final TestMemory room() {
        return room;
    }

    /** Entries of the ring. */
    public int size() {
        return size;
    }

    /** Gives a request to the device: the readable bytes in one buffer, then writable buffers; rings when the device wants it. */
    public Request submit(byte[] readable, int... writableLengths) {
        return submit(readable.length == 0 ? List.of() : List.of(readable), writableLengths);
    }

    /** Gives a request to the device, with several readable buffers. */
    public Request submit(List<byte[]> readable, int... writableLengths) {
        return submit(false, readable, writableLengths);
    }

    /** The same, in an indirect table when {@code indirect}. */
    public Request submit(boolean indirect, List<byte[]> readable, int... writableLengths) {
        Request request = new Request();
        List<Buffer> chain = new ArrayList<>();
        for (byte[] bytes : readable) {
            long address = room.allocate(bytes.length, 1);
            memory.write(address, bytes);
            chain.add(new Buffer(address, bytes.length, false));
        }
        for (int length : writableLengths) {
            long address = room.allocate(length, 1);
            chain.add(new Buffer(address, length, true));
            request.writable.add(new long[] {address, length});
        }
        int[] ids = new int[indirect ? 1 : chain.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = freeIds.remove();
        }
        pending.put(ids[0], request);
        wantInterrupt();
        publish(ids, chain, indirect);
        if (doorbellWanted()) {
            transport.notify(index);
        }
        return request;
    }

    /** Takes back what the device has used. */
    public void reap() {
        for (int[] used = nextUsed(); used != null; used = nextUsed()) {
            Request request = pending.remove(used[0]);
            if (request == null) {
                throw new AssertionError("queue %d: the device gave back chain %d, which it does not have".formatted(index, used[0]));
            }
            for (int id : release(used[0])) {
                freeIds.add(id);
            }
            byte[] answer = new byte[used[1]];
            int at = 0;
            for (long[] buffer : request.writable) {
                int piece = (int) Math.min(answer.length - at, buffer[1]);
                memory.read(buffer[0], answer, at, piece);
                at += piece;
            }
            if (at != answer.length) {
                throw new AssertionError("queue %d: %d bytes used, but room for %d".formatted(index, answer.length, at));
            }
            request.answer = answer;
        }
    }

    /** Waits for a request, by interrupts: a device that forgets to send one fails the test. @return what was written */
    public byte[] await(Request request) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
        int seen = -1;
        while (true) {
            int now = transport.awaitInterrupt(seen, 0);
            wantInterrupt();
            reap();
            if (request.done()) {
                return request.answer();
            }
            if (System.nanoTime() > end) {
                throw new AssertionError("queue %d: no answer and interrupt within %d s; status %#x"
                        .formatted(index, TIMEOUT_SECONDS, transport.status()));
            }
            seen = now;
            transport.awaitInterrupt(seen, 1000);
        }
    }

    /** Submits and waits. @return what the device wrote */
    public byte[] request(byte[] readable, int... writableLengths) throws InterruptedException {
        return await(submit(readable, writableLengths));
    }

    /** Descriptors that no request has. */
    int free() {
        return freeIds.size();
    }

    /** Rings the doorbell, wanted or not. */
    public void kick() {
        transport.notify(index);
    }

    /** Interrupts of this queue so far. */
    public int interrupts() {
        return transport.queueInterrupts(index);
    }
}

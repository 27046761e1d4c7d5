package dev.quoll.devices.console;

import dev.quoll.devices.virtio.ConfigBytes;
import dev.quoll.devices.virtio.DescriptorChain;
import dev.quoll.devices.virtio.QueueWorker;
import dev.quoll.devices.virtio.VirtioDevice;
import dev.quoll.devices.virtio.VirtioQueues;
import dev.quoll.devices.virtio.Virtqueue;
import dev.quoll.devices.virtio.VirtqueueException;
import dev.quoll.machine.GuestMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The console device (section 5.3) with several ports: terminals and named channels between guest and host.
 *
 * <p>Threat: bytes of the guest go to the port's host end and nowhere else, as they are; a terminal that shows them has to stand escape
 * sequences. What the host's end does not take stays in the guest's queue, and what the guest does not take stays with the host's end;
 * messages about a port are a set of bits. So nothing grows with what either side does, and a stalled port delays no other.
 */
public final class VirtioConsole implements VirtioDevice<VirtioConsole.State> {
    /** Guest-visible state. @param driverReady whether the driver has asked for the ports */
    public record State(int columns, int rows, boolean driverReady, List<PortControl.State> ports) {}

    /** Most ports; Linux's driver makes two queues for each when it starts. */
    public static final int MAX_PORTS = 31;

    private static final int DEVICE_ID = 3;
    private static final long SIZE = 1;
    private static final long MULTIPORT = 1 << 1;
    private static final int MULTIPORT_BIT = 1;
    private static final int QUEUE_SIZE = 128;
    private static final int CONTROL_TO_GUEST = 2;
    private static final int CONTROL_FROM_GUEST = 3;
    private static final int CONFIG_LENGTH = 8;
    private static final int DEFAULT_COLUMNS = 80;
    private static final int DEFAULT_ROWS = 25;
    private static final int PIECE = 4096;

    private final GuestMemory memory;
    private final List<PortControl> ports = new ArrayList<>();
    private final byte[] piece = new byte[PIECE];
    private volatile int columns = DEFAULT_COLUMNS;
    private volatile int rows = DEFAULT_ROWS;
    private boolean driverReady;
    private volatile VirtioQueues live;
    private volatile QueueWorker worker;

    /** @param consolePorts 1 to {@link #MAX_PORTS}; numbered in this order */
    public VirtioConsole(List<ConsolePort> consolePorts, GuestMemory memory) {
        if (consolePorts.isEmpty() || consolePorts.size() > MAX_PORTS) {
            throw new IllegalArgumentException("a console device has 1 to %d ports, not %d".formatted(MAX_PORTS, consolePorts.size()));
        }
        this.memory = memory;
        for (ConsolePort port : consolePorts) {
            ports.add(new PortControl(ports.size(), port));
            port.end().start(this::wake);
        }
    }

    @Override
    public String name() {
        return "console0";
    }

    @Override
    public int deviceId() {
        return DEVICE_ID;
    }

    @Override
    public long features() {
        return SIZE | MULTIPORT;
    }

    /** Two queues for each port, and between those of the first and the second the two for control (section 5.3.2). */
    @Override
    public int queues() {
        return 2 * ports.size() + 2;
    }

    @Override
    public int queueSize(int queue) {
        return QUEUE_SIZE;
    }

    @Override
    public int configLength() {
        return CONFIG_LENGTH;
    }

    @Override
    public long readConfig(int offset, int width) {
        ByteBuffer bytes = ByteBuffer.allocate(CONFIG_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putShort((short) columns).putShort((short) rows).putInt(ports.size());
        return ConfigBytes.read(bytes.array(), offset, width);
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        // Nothing in it can be written.
    }

    /** Tells the guest's terminals their size in characters, 1 to 65535 each. Any thread. */
    public void resize(int newColumns, int newRows) {
        columns = newColumns;
        rows = newRows;
        synchronized (ports) {
            ports.forEach(PortControl::resized);
        }
        VirtioQueues queues = live;
        if (queues != null) {
            queues.configChanged();
        }
        wake();
    }

    @Override
    public void start(VirtioQueues queues) {
        live = queues;
        Virtqueue[] served = new Virtqueue[queues()];
        for (int i = 0; i < served.length; i++) {
            served[i] = queues.queue(i);
        }
        worker = new QueueWorker("quoll-console0", memory, queues, this::handle, served);
    }

    private void wake() {
        QueueWorker running = worker;
        if (running != null) {
            running.wake();
        }
    }

    private boolean handle(Virtqueue queue, DescriptorChain chain) throws VirtqueueException {
        int index = queue.index();
        return switch (index) {
            case CONTROL_TO_GUEST -> tell(queue, chain);
            case CONTROL_FROM_GUEST -> hear(queue, chain);
            default -> {
                PortControl port = ports.get(index < CONTROL_TO_GUEST ? 0 : index / 2 - 1);
                yield index % 2 == 0 ? input(port, queue, chain) : output(port, queue, chain);
            }
        };
    }

    private boolean tell(Virtqueue queue, DescriptorChain chain) throws VirtqueueException {
        byte[] message = nextMessage();
        if (message == null) {
            return false;
        }
        queue.complete(chain, chain.write(message, 0, message.length));
        return true;
    }

    private byte[] nextMessage() {
        synchronized (ports) {
            if (!driverReady) {
                return null;
            }
            for (PortControl port : ports) {
                byte[] message = port.next(columns, rows);
                if (message == null) {
                    port.compareConnection();
                    message = port.next(columns, rows);
                }
                if (message != null) {
                    return message;
                }
            }
            return null;
        }
    }

    private boolean hear(Virtqueue queue, DescriptorChain chain) throws VirtqueueException {
        byte[] message = new byte[PortControl.LENGTH];
        if (chain.read(message, 0, message.length) == message.length) {
            ByteBuffer fields = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
            heard(fields.getInt(0), fields.getShort(4), fields.getShort(6) != 0);
        }
        queue.complete(chain, 0);
        worker.wake();
        return true;
    }

    private void heard(int number, int event, boolean value) {
        synchronized (ports) {
            if (event == PortControl.DEVICE_READY) {
                driverReady = value;
                if (value) {
                    ports.forEach(PortControl::add);
                }
            } else if (number >= 0 && number < ports.size()) {
                PortControl port = ports.get(number);
                if (event == PortControl.PORT_READY && value) {
                    port.ready();
                } else if (event == PortControl.PORT_OPEN) {
                    port.guestOpen = value;
                }
            }
        }
    }

    private boolean input(PortControl port, Virtqueue queue, DescriptorChain chain) throws VirtqueueException {
        // Without multiport there is no opening: the one port is a console and open.
        if (!port.guestOpen && live.has(MULTIPORT_BIT)) {
            return false;
        }
        int count = port.port.end().read(piece, 0, (int) Math.min(PIECE, chain.writableLength()));
        if (count == 0) {
            return false;
        }
        chain.write(piece, 0, count);
        queue.complete(chain, count);
        return true;
    }

    private boolean output(PortControl port, Virtqueue queue, DescriptorChain chain) throws VirtqueueException {
        chain.skip(port.consumed);
        for (int count = chain.read(piece, 0, PIECE); count > 0; count = chain.read(piece, 0, PIECE)) {
            int taken = port.port.end().write(piece, 0, count);
            port.consumed += taken;
            if (taken < count) {
                return false;
            }
        }
        port.consumed = 0;
        queue.complete(chain, 0);
        return true;
    }

    @Override
    public void notified(int queue) {
        QueueWorker running = worker;
        if (running != null) {
            running.notified();
        }
    }

    @Override
    public void stop() {
        if (worker != null) {
            worker.stop();
            worker = null;
        }
        live = null;
        synchronized (ports) {
            driverReady = false;
            ports.forEach(PortControl::reset);
        }
    }

    @Override
    public State save() {
        synchronized (ports) {
            return new State(columns, rows, driverReady, ports.stream().map(PortControl::save).toList());
        }
    }

    @Override
    public void restore(State state) {
        if (state.ports().size() != ports.size()) {
            throw new IllegalArgumentException("the saved console has %d ports, this one %d".formatted(state.ports().size(), ports.size()));
        }
        synchronized (ports) {
            columns = state.columns();
            rows = state.rows();
            driverReady = state.driverReady();
            for (int i = 0; i < ports.size(); i++) {
                ports.get(i).restore(state.ports().get(i));
            }
        }
    }

    @Override
    public void quiesce() {
        if (worker != null) {
            worker.quiesce();
        }
    }
}

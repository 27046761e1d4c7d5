package dev.quoll.devices.net;

/** A port whose frames are recorded on their way. */
record CapturingPort(NetworkPort port, Capture capture) implements NetworkPort {
    @Override
    public Offloads accepts() {
        return port.accepts();
    }

    @Override
    public boolean take(NetworkFrame frame) {
        boolean taken = port.take(frame);
        if (taken) {
            capture.record(frame);
        }
        return taken;
    }

    @Override
    public boolean offer(NetworkFrame frame) {
        boolean given = port.offer(frame);
        if (given) {
            capture.record(frame);
        }
        return given;
    }

    @Override
    public void flush() {
        port.flush();
        capture.settle();
    }

    @Override
    public boolean arm() {
        return port.arm();
    }

    @Override
    public void linkChanged(boolean up) {
        port.linkChanged(up);
    }

    @Override
    public void failed(String reason) {
        port.failed(reason);
    }
}

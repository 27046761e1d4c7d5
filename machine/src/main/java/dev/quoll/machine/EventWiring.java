package dev.quoll.machine;

/**
 * Doorbells and interrupts by event descriptor (eventfd(2)), where an engine can join them to a guest without a detour
 * through a vCPU's thread. A device that is offered none ({@link Partition#eventWiring}) takes bus writes and an
 * {@link MsiSink} instead. Any thread.
 */
public interface EventWiring {
    /**
     * From now on a guest's write of {@code width} bytes to {@code address} adds one to the descriptor's counter and does
     * not reach the bus. Writes of other widths do.
     *
     * @param width 1, 2, 4 or 8
     * @param descriptor an open eventfd; the caller keeps it open until the wiring is closed
     * @throws IllegalStateException when the engine refuses, saying why
     */
    Wire doorbell(long address, int width, int descriptor);

    /**
     * From now on each addition to the descriptor's counter sends an interrupt message, once {@link MessageWire#set} has
     * said which.
     *
     * @param descriptor an open eventfd; the caller keeps it open until the wiring is closed
     */
    MessageWire interrupt(int descriptor);

    /** Something joined; closing takes it apart. */
    interface Wire extends AutoCloseable {
        @Override
        void close();
    }

    /** A descriptor that sends interrupt messages. */
    interface MessageWire extends Wire {
        /** What to send; see {@link MsiSink#signal}. */
        void set(long address, int data);

        /**
         * Sends nothing until the next {@link #set}. What is signalled meanwhile is lost, or comes when the message is set
         * again: the device keeps it pending, and the guest's driver bears an interrupt too many.
         */
        void mask();
    }
}

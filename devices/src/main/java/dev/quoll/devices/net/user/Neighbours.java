package dev.quoll.devices.net.user;

/** Which Ethernet address the guest's IP addresses have: learned from what comes of them. When full, the oldest makes room. */
final class Neighbours {
    private final int[] ip = new int[Limits.NEIGHBOURS];
    private final long[] mac = new long[Limits.NEIGHBOURS];
    private int size;
    private int oldest;

    /** The Ethernet address, or -1 when it is not known. */
    long find(int address) {
        for (int i = 0; i < size; i++) {
            if (ip[i] == address) {
                return mac[i];
            }
        }
        return -1;
    }

    void learn(int address, long ethernet) {
        for (int i = 0; i < size; i++) {
            if (ip[i] == address) {
                mac[i] = ethernet;
                return;
            }
        }
        int slot = oldest;
        if (size < Limits.NEIGHBOURS) {
            slot = size++;
        } else {
            oldest = (oldest + 1) % Limits.NEIGHBOURS;
        }
        ip[slot] = address;
        mac[slot] = ethernet;
    }

    void clear() {
        size = 0;
        oldest = 0;
    }
}

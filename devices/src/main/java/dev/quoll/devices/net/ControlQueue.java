package dev.quoll.devices.net;

import dev.quoll.devices.virtio.DescriptorChain;
import dev.quoll.devices.virtio.Virtqueue;
import dev.quoll.devices.virtio.VirtqueueException;
import dev.quoll.machine.GuestMemory;
import java.util.ArrayList;
import java.util.List;

/** Carries out the driver's commands (virtio 1.2, section 5.1.6.5). */
final class ControlQueue {
    private static final int CLASS_RX = 0;
    private static final int CLASS_MAC = 1;
    private static final int CLASS_VLAN = 2;
    private static final int CLASS_MQ = 4;

    private static final int MAC_TABLE_SET = 0;
    private static final int MAC_ADDRESS_SET = 1;
    private static final int MQ_PAIRS_SET = 0;

    private static final byte OK = 0;
    private static final byte ERROR = 1;
    /** Longest command: two tables of more addresses than a driver has reason to give. */
    private static final int MOST_BYTES = 2 + 2 * (4 + 256 * MacAddress.LENGTH);

    private final VirtioNet card;
    private final Virtqueue queue;
    private final DescriptorChain chain;
    private final byte[] command = new byte[MOST_BYTES];
    private final byte[] answer = new byte[1];

    ControlQueue(VirtioNet card, Virtqueue queue, GuestMemory memory) {
        this.card = card;
        this.queue = queue;
        chain = new DescriptorChain(memory);
    }

    Virtqueue queue() {
        return queue;
    }

    /** Carries out all that wait. */
    void serve() throws VirtqueueException {
        for (int i = 0; i < queue.size() && queue.take(chain); i++) {
            int length = chain.read(command, 0, (int) Math.min(chain.readableLength(), MOST_BYTES));
            boolean whole = length == chain.readableLength();
            answer[0] = whole && length >= 2 && execute(command[0] & 0xff, command[1] & 0xff, length) ? OK : ERROR;
            queue.complete(chain, chain.write(answer, 0, 1));
        }
        queue.signal();
    }

    private boolean execute(int commandClass, int number, int length) {
        return switch (commandClass) {
            case CLASS_RX -> {
                if (number > ReceiveFilter.NO_BROADCAST || length < 3) {
                    yield false;
                }
                card.setFilter(card.filter().withMode(number, command[2] != 0));
                yield true;
            }
            case CLASS_MAC -> switch (number) {
                case MAC_TABLE_SET -> setTables(length);
                case MAC_ADDRESS_SET -> length >= 2 + MacAddress.LENGTH && setAddress(new MacAddress(MacAddress.at(command, 2)));
                default -> false;
            };
            // Frames of all VLANs go to the driver, which is allowed to get more than it asked for.
            case CLASS_VLAN -> number <= 1;
            case CLASS_MQ -> number == MQ_PAIRS_SET && length >= 4 && setPairs(command[2] & 0xff | (command[3] & 0xff) << 8);
            default -> false;
        };
    }

    private boolean setAddress(MacAddress address) {
        if (address.group()) {
            return false;
        }
        card.setFilter(card.filter().withMac(address));
        return true;
    }

    private boolean setPairs(int pairs) {
        if (pairs < 1 || pairs > card.pairs()) {
            return false;
        }
        card.setPairsInUse(pairs);
        return true;
    }

    private boolean setTables(int length) {
        List<MacAddress> unicast = new ArrayList<>();
        List<MacAddress> multicast = new ArrayList<>();
        int next = table(2, length, unicast);
        if (next < 0 || table(next, length, multicast) < 0) {
            return false;
        }
        card.setFilter(card.filter().withTables(unicast, multicast));
        return true;
    }

    /** Reads a table. @return where the next one is, or -1 when it is cut off */
    private int table(int at, int length, List<MacAddress> into) {
        if (length - at < 4) {
            return -1;
        }
        int entries = Integer.reverseBytes(BigEndian.i32(command, at));
        if (entries < 0 || entries > (length - at - 4) / MacAddress.LENGTH) {
            return -1;
        }
        for (int i = 0; i < entries; i++) {
            into.add(new MacAddress(MacAddress.at(command, at + 4 + i * MacAddress.LENGTH)));
        }
        return at + 4 + entries * MacAddress.LENGTH;
    }
}

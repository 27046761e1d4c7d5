package dev.quoll.devices.interrupt;

/**
 * One 8259A, without the wires between two of them. Source: Intel 8259A data sheet (231468). Not thread safe: {@link
 * Pic8259} holds the lock.
 *
 * <p>Rising edges are latched until acknowledged, also when the line falls before; level inputs follow the line.
 */
final class PicChip {
    private static final int ICW1 = 0x10;

    private static final int ICW1_NEEDS_ICW4 = 0x01;
    private static final int ICW1_SINGLE = 0x02;
    private static final int ICW4_AUTO_EOI = 0x02;
    private static final int ICW4_FULLY_NESTED = 0x10;
    private static final int OCW3 = 0x08;
    private static final int OCW3_READ = 0x02;
    private static final int OCW3_READ_ISR = 0x01;
    private static final int OCW3_POLL = 0x04;
    private static final int OCW3_SET_SPECIAL_MASK = 0x40;
    private static final int OCW3_SPECIAL_MASK = 0x20;
    private static final int SPURIOUS = 7;
    private static final int NO_PRIORITY = 8;

    private final int edgeLevelMask;
    private final int cascade;
    private int requests;
    private int mask;
    private int inService;
    private int levels;
    /** The input with the lowest priority; the one above it, cyclically, has the highest. */
    private int lowestPriority;

    private int vectorBase;
    /** The initialisation word expected next (2-4), 0 when none is. */
    private int initialising;

    private boolean needsIcw4;
    private boolean single;
    private boolean autoEoi;
    private boolean rotateOnAutoEoi;
    private boolean specialMask;
    private boolean fullyNested;
    private boolean poll;
    private boolean readInService;
    /** One bit an input: level triggered (ELCR). */
    private int edgeLevel;

    /**
     * @param edgeLevelMask inputs whose ELCR bit can be set
     * @param cascade bit of the input that a second chip drives, 0 on the second chip
     */
    PicChip(int edgeLevelMask, int cascade) {
        this.edgeLevelMask = edgeLevelMask;
        this.cascade = cascade;
        powerOn();
    }

    void powerOn() {
        edgeLevel = 0;
        initialise();
        mask = 0xff;
        vectorBase = 0;
        initialising = 0;
        needsIcw4 = false;
        single = false;
        autoEoi = false;
        rotateOnAutoEoi = false;
        fullyNested = false;
    }

    private void initialise() {
        // Level inputs that are high ask again; edges are forgotten (data sheet, "Initialization Command Words").
        requests = levels & edgeLevel;
        mask = 0;
        inService = 0;
        lowestPriority = 7;
        specialMask = false;
        poll = false;
        readInService = false;
    }

    void setLevel(int input, boolean high) {
        int bit = 1 << input;
        boolean was = (levels & bit) != 0;
        levels = high ? levels | bit : levels & ~bit;
        if ((edgeLevel & bit) != 0) {
            requests = high ? requests | bit : requests & ~bit;
        } else if (high && !was) {
            requests |= bit;
        }
    }

    /** Steps from the highest priority, 0-7, of the first set bit; 8 for none. */
    private int priorityOf(int bits) {
        for (int i = 0; i < 8; i++) {
            if ((bits >>> (lowestPriority + 1 + i & 7) & 1) != 0) {
                return i;
            }
        }
        return NO_PRIORITY;
    }

    /** The input that would be acknowledged now, -1 when INT is low. */
    int pendingInput() {
        int asking = priorityOf(requests & ~mask);
        if (asking == NO_PRIORITY) {
            return -1;
        }
        // Special mask mode lets masked levels in service block nobody; in the special fully nested mode a second
        // request through the cascade may interrupt the first (data sheet, "Special Fully Nested Mode").
        int blocking = specialMask ? inService & ~mask : inService;
        if (fullyNested) {
            blocking &= ~cascade;
        }
        return asking < priorityOf(blocking) ? lowestPriority + 1 + asking & 7 : -1;
    }

    /** An INTA cycle: the input taken into service, 7 for a spurious one, which enters no service. */
    int acknowledge() {
        int input = pendingInput();
        if (input < 0) {
            return SPURIOUS;
        }
        int bit = 1 << input;
        if ((edgeLevel & bit) == 0) {
            requests &= ~bit;
        }
        if (!autoEoi) {
            inService |= bit;
        } else if (rotateOnAutoEoi) {
            lowestPriority = input;
        }
        return input;
    }

    int vector(int input) {
        return vectorBase | input;
    }

    /** Offset 0: a poll, IRR or ISR. Offset 1: the mask. */
    int read(int offset) {
        if (poll) {
            poll = false;
            boolean asks = pendingInput() >= 0;
            int input = acknowledge();
            return asks ? 0x80 | input : 0;
        }
        return offset == 1 ? mask : readInService ? inService : requests;
    }

    void write(int offset, int value) {
        if (offset == 0) {
            if ((value & ICW1) != 0) {
                initialise();
                needsIcw4 = (value & ICW1_NEEDS_ICW4) != 0;
                single = (value & ICW1_SINGLE) != 0;
                autoEoi = false;
                fullyNested = false;
                rotateOnAutoEoi = false;
                initialising = 2;
            } else if ((value & OCW3) != 0) {
                controlWord3(value);
            } else {
                controlWord2(value);
            }
            return;
        }
        switch (initialising) {
            case 2 -> {
                vectorBase = value & 0xf8;
                initialising = single ? needsIcw4 ? 4 : 0 : 3;
            }
            // ICW3 says how the two are wired, which on this board is fixed.
            case 3 -> initialising = needsIcw4 ? 4 : 0;
            case 4 -> {
                autoEoi = (value & ICW4_AUTO_EOI) != 0;
                fullyNested = (value & ICW4_FULLY_NESTED) != 0;
                initialising = 0;
            }
            default -> mask = value & 0xff;
        }
    }

    private void controlWord3(int value) {
        poll = (value & OCW3_POLL) != 0;
        if ((value & OCW3_READ) != 0) {
            readInService = (value & OCW3_READ_ISR) != 0;
        }
        if ((value & OCW3_SET_SPECIAL_MASK) != 0) {
            specialMask = (value & OCW3_SPECIAL_MASK) != 0;
        }
    }

    /** EOI and priority rotation (data sheet, "Operation Command Words"): R, SL and EOI are bits 7-5. */
    private void controlWord2(int value) {
        int input = value & 7;
        switch (value >>> 5) {
            case 0 -> rotateOnAutoEoi = false;
            case 4 -> rotateOnAutoEoi = true;
            case 1, 5 -> {
                int highest = priorityOf(specialMask ? inService & ~mask : inService);
                if (highest != NO_PRIORITY) {
                    int ended = lowestPriority + 1 + highest & 7;
                    inService &= ~(1 << ended);
                    if (value >>> 5 == 5) {
                        lowestPriority = ended;
                    }
                }
            }
            case 3 -> inService &= ~(1 << input);
            case 6 -> lowestPriority = input;
            case 7 -> {
                inService &= ~(1 << input);
                lowestPriority = input;
            }
            default -> {
                // 2: no operation
            }
        }
    }

    int edgeLevel() {
        return edgeLevel;
    }

    void setEdgeLevel(int value) {
        edgeLevel = value & edgeLevelMask;
    }

    Pic8259.Chip save() {
        int modes = bit(0, needsIcw4)
                | bit(1, single)
                | bit(2, autoEoi)
                | bit(3, rotateOnAutoEoi)
                | bit(4, specialMask)
                | bit(5, fullyNested)
                | bit(6, poll)
                | bit(7, readInService);
        return new Pic8259.Chip(
                requests, mask, inService, levels, lowestPriority, vectorBase, initialising, modes, edgeLevel);
    }

    private static int bit(int number, boolean set) {
        return set ? 1 << number : 0;
    }

    void restore(Pic8259.Chip chip) {
        requests = chip.requests() & 0xff;
        mask = chip.mask() & 0xff;
        inService = chip.inService() & 0xff;
        levels = chip.levels() & 0xff;
        lowestPriority = chip.lowestPriority() & 7;
        vectorBase = chip.vectorBase() & 0xf8;
        initialising = chip.initialising() & 7;
        needsIcw4 = (chip.modes() & 1) != 0;
        single = (chip.modes() & 2) != 0;
        autoEoi = (chip.modes() & 4) != 0;
        rotateOnAutoEoi = (chip.modes() & 8) != 0;
        specialMask = (chip.modes() & 0x10) != 0;
        fullyNested = (chip.modes() & 0x20) != 0;
        poll = (chip.modes() & 0x40) != 0;
        readInService = (chip.modes() & 0x80) != 0;
        edgeLevel = chip.edgeLevel() & edgeLevelMask;
    }
}

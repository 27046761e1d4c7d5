package dev.quoll.emulator.lab;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;

/**
 * Where things stand in the file that the witness shares with us, and in linear memory. The witness is compiled with these
 * fields as macros, so each number is written once.
 */
final class CaseLayout {
    // One case: a state before or after an instruction.
    static final int CASE_GPR = 0;
    static final int CASE_FLAGS = 128;
    static final int CASE_FS_BASE = 136;
    static final int CASE_GS_BASE = 144;
    static final int CASE_RIP = 152;
    /** Vector of the exception, all ones when the instruction ended; one of those below for what is none. */
    static final int CASE_VECTOR = 160;
    static final int CASE_ERROR = 168;
    /** CR2. */
    static final int CASE_ADDRESS = 176;
    /** Selectors of DS and ES, and of CS and SS after an exception, else 0; 2 bytes each. */
    static final int CASE_SEGMENTS = 184;
    /** Two pieces of memory, set before and recorded after: addresses, lengths (4 bytes each), contents. */
    static final int CASE_WINDOW_ADDRESS = 192;
    static final int CASE_WINDOW_LENGTH = 208;
    static final int CASE_WINDOW = 256;
    static final int WINDOW_SIZE = 64;
    /** The XSAVE area in its standard form: x87, SSE and the upper halves of YMM (SDM vol. 1, 13.4). */
    static final int CASE_IMAGE = 384;
    static final int IMAGE_SIZE = 832;
    static final int CASE_SIZE = 1216;

    static final int VECTOR_SYSTEM_CALL = 0x100;
    static final int VECTOR_BROKEN = 0x101;

    // One instruction and its cases.
    static final int INSTANCE_ADDRESS = 0;
    static final int INSTANCE_LENGTH = 8;
    static final int INSTANCE_WIDE = 12;
    static final int INSTANCE_FIRST = 16;
    static final int INSTANCE_CASES = 20;
    static final int INSTANCE_CODE = 24;
    static final int LONGEST_CODE = 168;
    static final int INSTANCE_SIZE = 192;
    /** At most what the witness puts behind an instance, to end it. */
    static final int LONGEST_END = 24;

    static final int MOST_INSTANCES = 512;
    static final int MOST_CASES = 8192;

    // Linear memory: the code, INT3 otherwise; data to write, data to read only. Nothing is mapped around each of them.
    static final long CODE_LOW = 0x2000_0000L;
    static final long CODE_HIGH = 0x7_2000_0000L;
    static final int CODE_SIZE = 0x2000;
    static final long DATA_LOW = 0x3000_0000L;
    static final long DATA_HIGH = 0x7_3000_0000L;
    static final int DATA_WRITABLE = 0x2000;

    /** Where the witness itself stands: no edge value points there, since a branch to one must not run its code. */
    static final long WITNESS = 0x5a9b_7000L;

    static final long WITNESS_END = WITNESS + 0x100_0000L;

    // Linux' selectors of user code (arch/x86/include/asm/segment.h).
    static final int SELECTOR_CODE32 = 0x23;
    static final int SELECTOR_CODE64 = 0x33;
    /** A data segment whose limit is the processor's number, for user code that asks for it. */
    static final int SELECTOR_CPUNODE = 0x7b;

    // The shared file.
    /** Instances in the batch; when the witness starts, it puts the limit of {@link #SELECTOR_CPUNODE} there. */
    static final int BATCH_COUNT = 0;
    static final int BATCH_CODE = 0x1000;
    static final int BATCH_INSTANCES = BATCH_CODE + CODE_SIZE;
    /** After a batch, the data of both areas behind each instance; at the start, the contents of the areas. */
    static final int BATCH_PAGES = BATCH_INSTANCES + MOST_INSTANCES * INSTANCE_SIZE;
    static final int BATCH_IN = BATCH_PAGES + MOST_INSTANCES * 2 * DATA_WRITABLE;
    static final int BATCH_OUT = BATCH_IN + MOST_CASES * CASE_SIZE;
    static final int BATCH_SIZE = BATCH_OUT + MOST_CASES * CASE_SIZE;

    private CaseLayout() {}

    /** The compiler's arguments that tell the witness. */
    static List<String> macros() {
        List<String> macros = new ArrayList<>();
        try {
            for (Field field : CaseLayout.class.getDeclaredFields()) {
                macros.add("-D%s=%#xL".formatted(field.getName(), field.getLong(null)));
            }
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
        return macros;
    }
}

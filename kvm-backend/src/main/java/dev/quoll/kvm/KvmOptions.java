package dev.quoll.kvm;

import dev.quoll.machine.EngineException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How the engine is to be, see {@link KvmEngine#with}.
 *
 * @param assist whether the Java CPU executes what KVM's emulator does not know
 */
record KvmOptions(boolean assist, Irqchip irqchip, WriteLog writeLog) {
    /** Whose the interrupt controllers beside the local APICs are. */
    enum Irqchip {
        /** The board's. */
        SPLIT,
        /** KVM's: I/O APIC, 8259 pair and 8254. */
        FULL
    }

    /** How KVM notes which pages the guest writes. */
    enum WriteLog {
        BITMAP,
        RING
    }

    KvmOptions with(String option, String value) throws EngineException {
        return switch (option) {
            case "assist" -> new KvmOptions(choice(option, value, Assist.class) == Assist.ON, irqchip, writeLog);
            case "irqchip" -> new KvmOptions(assist, choice(option, value, Irqchip.class), writeLog);
            case "write-log" -> new KvmOptions(assist, irqchip, choice(option, value, WriteLog.class));
            default -> throw new EngineException("the engine kvm has no option %s.".formatted(option));
        };
    }

    private enum Assist {
        ON,
        OFF
    }

    private static <E extends Enum<E>> E choice(String option, String value, Class<E> choices) throws EngineException {
        for (E choice : choices.getEnumConstants()) {
            if (word(choice).equals(value)) {
                return choice;
            }
        }
        throw new EngineException("the engine kvm's %s is %s, not %s."
                .formatted(
                        option,
                        Arrays.stream(choices.getEnumConstants()).map(KvmOptions::word).collect(Collectors.joining(" or ")),
                        value));
    }

    private static String word(Enum<?> choice) {
        return choice.name().toLowerCase(Locale.ROOT);
    }
}

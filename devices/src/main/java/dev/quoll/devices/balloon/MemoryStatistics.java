package dev.quoll.devices.balloon;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** What the guest says of its memory (section 5.5.6.4). The guest may say anything. */
public final class MemoryStatistics {
    /** The figures, by their tags: bytes or counts since the guest's start. */
    public enum Figure {
        SWAPPED_IN_BYTES,
        SWAPPED_OUT_BYTES,
        MAJOR_FAULTS,
        MINOR_FAULTS,
        FREE_BYTES,
        TOTAL_BYTES,
        AVAILABLE_BYTES,
        DISK_CACHE_BYTES,
        HUGE_PAGE_ALLOCATIONS,
        HUGE_PAGE_FAILURES;

        private static final Figure[] BY_TAG = values();

        /** The figure of a tag, or null for one that is not known here. */
        static Figure of(int tag) {
            return tag < BY_TAG.length ? BY_TAG[tag] : null;
        }

        private String label() {
            return "guest-" + name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private final Map<Figure, Long> values;

    MemoryStatistics(Map<Figure, Long> values) {
        this.values = values.isEmpty() ? Map.of() : new EnumMap<>(values);
    }

    /** The figures that the guest has told. */
    public Map<Figure, Long> values() {
        return Map.copyOf(values);
    }

    /** A line for each figure. */
    String lines() {
        StringBuilder lines = new StringBuilder();
        values.forEach((figure, value) -> lines.append(figure.label()).append(' ').append(Long.toUnsignedString(value)).append(System.lineSeparator()));
        return lines.toString();
    }
}

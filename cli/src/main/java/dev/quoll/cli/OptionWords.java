package dev.quoll.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The value of an option that takes several things at once: words between commas, {@code key=value} or alone. A comma that belongs to
 * a word is written twice.
 */
final class OptionWords {
    private final String option;
    private final boolean named;
    private final List<String> alone = new ArrayList<>();
    private final Map<String, String> settings = new LinkedHashMap<>();
    private final List<String> repeated = new ArrayList<>();

    /** As below, without a key that may come more than once. */
    OptionWords(String option, String text, boolean first, Set<String> keys) {
        this(option, text, first, keys, "");
    }

    /**
     * Cuts the text into its words.
     *
     * @param option the option's name, for messages
     * @param first whether the first word stands alone whatever is in it, such as a file name with an equals sign
     * @param keys the keys that take a value
     * @param many the one of them that may come more than once
     * @throws IllegalArgumentException with a sentence when a key is unknown or comes twice
     */
    OptionWords(String option, String text, boolean first, Set<String> keys, String many) {
        this.option = option;
        named = first;
        boolean name = first;
        for (String word : split(text)) {
            int equals = word.indexOf('=');
            if (name || equals < 0) {
                alone.add(word);
            } else if (!keys.contains(word.substring(0, equals))) {
                throw new IllegalArgumentException("%s does not know \"%s\"; it knows %s"
                        .formatted(option, word.substring(0, equals), String.join(", ", keys.stream().sorted().toList())));
            } else if (word.substring(0, equals).equals(many)) {
                repeated.add(word.substring(equals + 1));
            } else if (settings.put(word.substring(0, equals), word.substring(equals + 1)) != null) {
                throw new IllegalArgumentException("%s has \"%s\" twice".formatted(option, word.substring(0, equals)));
            }
            name = false;
        }
    }

    private static List<String> split(String text) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean doubled = c == ',' && i + 1 < text.length() && text.charAt(i + 1) == ',';
            if (c == ',' && !doubled) {
                words.add(word.toString());
                word.setLength(0);
            } else {
                word.append(c);
                i += doubled ? 1 : 0;
            }
        }
        words.add(word.toString());
        return words;
    }

    /** The word at the beginning. */
    String first() {
        return alone.getFirst();
    }

    /**
     * The words that stand alone, without the first where that one stands for itself.
     *
     * @throws IllegalArgumentException when there is another than those allowed
     */
    Set<String> flags(Set<String> allowed) {
        List<String> given = alone.subList(named ? 1 : 0, alone.size());
        for (String word : given) {
            if (!allowed.contains(word)) {
                throw new IllegalArgumentException("%s does not know \"%s\"".formatted(option, word));
            }
        }
        return Set.copyOf(given);
    }

    Optional<String> text(String key) {
        return Optional.ofNullable(settings.get(key));
    }

    /** The values of the key that may come more than once. */
    List<String> repeated() {
        return repeated;
    }

    /** A number; with K, M, G or T behind it thousands of bytes are meant as powers of 1024. */
    long number(String key, long otherwise) {
        String text = settings.get(key);
        if (text == null) {
            return otherwise;
        }
        if (text.matches("\\d{1,18}")) {
            return Long.parseLong(text);
        }
        if (text.matches("\\d{1,9}[kmgtKMGT]")) {
            return ByteSize.parse(text).bytes();
        }
        throw new IllegalArgumentException(
                "%s: %s is a number, with K, M, G or T behind it if you like, not \"%s\"".formatted(option, key, text));
    }
}

package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Instruction;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One op class written once and specialised by constants: each set of constants gets a hidden class of its own from the
 * same bytecode, in which {@link #constant} values are static finals. The JIT folds them, so a template with switches
 * over operation, size and operand form costs at run time what a class written for that one case would, and each
 * specialisation has its own profile and its own call site to the op behind it.
 *
 * <p>A template class extends {@link TemplateOp}, reads its constants with {@link #constant} in static initialisers,
 * and is never initialised itself.
 */
public final class OpTemplate {
    private final MethodHandles.Lookup lookup;
    private final byte[] bytes;
    private final ConcurrentHashMap<Long, TemplateOp> prototypes = new ConcurrentHashMap<>();

    /**
     * @param lookup full-privilege lookup of a class in the template's package
     * @param template the template class
     */
    public OpTemplate(MethodHandles.Lookup lookup, Class<? extends TemplateOp> template) {
        this.lookup = lookup;
        String name = template.getName().substring(template.getPackageName().length() + 1) + ".class";
        try (InputStream in = template.getResourceAsStream(name)) {
            bytes = in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException("cannot read the class file of " + template, e);
        }
    }

    /** Constant number {@code index} (0 to 7, each 0 to 255) of the specialisation whose lookup this is. */
    public static int constant(MethodHandles.Lookup lookup, int index) {
        try {
            return (int) (MethodHandles.classData(lookup, "_", Long.class) >>> 8 * index) & 0xff;
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whether constant {@code index} is not 0. */
    public static boolean flag(MethodHandles.Lookup lookup, int index) {
        return constant(lookup, index) != 0;
    }

    /** An op of the specialisation for these constants (0 to 255 each, at most 8). */
    public Op make(Instruction instruction, BlockContext context, int... constants) {
        long key = 0;
        for (int i = 0; i < constants.length; i++) {
            key |= (long) (constants[i] & 0xff) << 8 * i;
        }
        TemplateOp prototype = prototypes.get(key);
        if (prototype == null) {
            prototype = prototypes.computeIfAbsent(key, this::specialise);
        }
        return prototype.create(instruction, context);
    }

    private TemplateOp specialise(long key) {
        try {
            Class<?> hidden = lookup.defineHiddenClassWithClassData(bytes, key, true).lookupClass();
            var constructor = hidden.getDeclaredConstructor();
            constructor.setAccessible(true);
            return (TemplateOp) constructor.newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot specialise an op template", e);
        }
    }
}

package dev.quoll.emulator.translate.bytecode;

import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.RegionCode;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.List;

/** Makes a hidden class for each region. Stateless. */
public final class BytecodeTranslator implements RegionCode {
    /** HotSpot compiles no longer method (HugeMethodLimit). */
    private static final int LONGEST_METHOD = 8000;

    private static final ClassFile CLASS_FILE = ClassFile.of();
    private static final ClassDesc NAME = ClassDesc.of(BytecodeTranslator.class.getPackageName(), "RegionRun");

    @Override
    public Entry translate(Source source, Exits exits) {
        Made made = make(source, exits);
        return made.length <= LONGEST_METHOD ? made.define() : null;
    }

    /** @param length bytes of the method's code */
    private record Made(byte[] bytes, List<Op> called, int length) {
        Entry define() {
            try {
                Class<?> hidden = MethodHandles.lookup().defineHiddenClassWithClassData(bytes, called, true).lookupClass();
                return (Entry) hidden.getDeclaredConstructor().newInstance();
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("cannot define a region's class", e);
            }
        }
    }

    private static Made make(Source source, Exits exits) {
        List<Op> called = new ArrayList<>();
        byte[] bytes = CLASS_FILE.build(NAME, builder -> builder
                .withFlags(AccessFlag.FINAL, AccessFlag.SUPER)
                .withInterfaceSymbols(Types.ENTRY)
                .withMethodBody(ConstantDescs.INIT_NAME, ConstantDescs.MTD_void, ClassFile.ACC_PUBLIC, code -> code
                        .aload(0)
                        .invokespecial(ConstantDescs.CD_Object, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void)
                        .return_())
                .withMethodBody("run", Types.RUN, ClassFile.ACC_PUBLIC, code -> {
                    // The builder starts over when jumps turn out to be long.
                    called.clear();
                    new RegionMethod(code, source, exits, called).write();
                }));
        return new Made(bytes, List.copyOf(called), length(bytes));
    }

    private static int length(byte[] bytes) {
        return CLASS_FILE.parse(bytes).methods().stream()
                .filter(method -> method.methodName().equalsString("run"))
                .mapToInt(method -> method.findAttribute(Attributes.code()).orElseThrow().codeLength())
                .findFirst()
                .orElseThrow();
    }
}

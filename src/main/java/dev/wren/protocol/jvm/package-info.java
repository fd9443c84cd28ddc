/** A worker JVM as its parent sees it, whether that is a gateway or a worker far away from one. On the JDK alone. */
@NullMarked
package dev.wren.protocol.jvm;

import org.jspecify.annotations.NullMarked;

/** What gateway and workers say to each other, and how stored objects are named: records on the JDK alone. */
@NullMarked
package dev.wren.protocol;

import org.jspecify.annotations.NullMarked;

# What the public headers say: their comments, and what these stand before.
package Headers;
use strict;
use warnings;

# A header: {name, about, entries, statuses}. An entry is a comment and what is declared behind it: {title, text, decls};
# without declarations it is about all that follows. A declaration: {name, kind, code}, of kind function, type or macro.
sub read_header {
    my ($path) = @_;
    open my $file, '<', $path or die "manual: cannot read $path: $!\n";
    my @lines = <$file>;
    close $file;
    chomp @lines;
    my $header = { name => $path =~ s{.*/}{}r, about => '', entries => [], statuses => [] };
    my $state = { title => '', entry => undef, skip => 0 };
    while (@lines) {
        my $line = shift @lines;
        if ($line =~ m{^/\*}) { read_comment($header, $state, $line, \@lines) }
        elsif ($line =~ /^#/) { read_directive($header, $state, $line, \@lines) }
        elsif ($line =~ /\S/ && !$state->{skip}) { read_declaration($header, $state, $line, \@lines) }
    }
    die "manual: $path: no comment at its beginning\n" if $header->{about} eq '';
    return $header;
}

sub read_comment {
    my ($header, $state, $line, $lines) = @_;
    my @text = ($line);
    push @text, shift @$lines while $text[-1] !~ m{\*/} && @$lines;
    s{^/\*\s?}{}, s{\s*\*/\s*$}{}, s{^ \* ?}{} for @text;
    my $text = join "\n", @text;
    return if $text =~ /SPDX-License-Identifier/;
    if ($text =~ /^---- (.*?)\s*-*$/s) { # the heading of a part
        $state->{title} = $1 =~ s/\s*\n.*//sr;
        $state->{entry} = undef;
        return;
    }
    if ($header->{about} eq '') {
        $header->{about} = $text;
        return;
    }
    return if $state->{skip};
    $state->{entry} = { title => $state->{title}, text => $text, decls => [] };
    push @{ $header->{entries} }, $state->{entry};
}

sub read_directive {
    my ($header, $state, $line, $lines) = @_;
    my @code = ($line);
    push @code, shift @$lines while $code[-1] =~ /\\$/ && @$lines;
    if ($state->{skip}) { # what only C++ reads
        $state->{skip}++ if $line =~ /^#if/;
        $state->{skip}-- if $line =~ /^#endif/;
        return;
    }
    if ($line =~ /^#ifdef __cplusplus/) {
        $state->{skip} = 1;
        return;
    }
    return if $line !~ /^#define (MR_(?!API\b)\w+|mr_scoped_\w+)(\([^)]*\))?/ || $line =~ /^#define \w+_H$/;
    my ($name, $arguments) = ($1, $2 // '');
    if ($name eq 'MR_STATUS_MAP') {
        for (@code) { push @{ $header->{statuses} }, [ "MR_$1", $2 ] if /X\((\w+), "(.*?)"\)/ }
    }
    my $code = @code == 1 && $arguments eq '' ? $line : "#define $name$arguments";
    add($header, $state, { name => $name, kind => 'macro', code => $code });
}

# Up to its ';' or the end of its body.
sub read_declaration {
    my ($header, $state, $line, $lines) = @_;
    my @code = ($line);
    return if $line =~ /^extern "C"|^\}$/;
    my $depth = depth_of($line);
    while (($depth > 0 || $code[-1] !~ /[;}]\s*(\/\*.*\*\/\s*)?$/) && @$lines) {
        push @code, shift @$lines;
        $depth += depth_of($code[-1]) if $code[-1] !~ /^#/;
    }
    my $declaration = name_of(join "\n", @code);
    add($header, $state, $declaration) if $declaration && $declaration->{name} !~ /^mr__/;
}

# What has no comment belongs to the one before, and if there is none to that of the whole header.
sub add {
    my ($header, $state, $declaration) = @_;
    if (!$state->{entry}) {
        $state->{entry} = { title => $state->{title}, text => $header->{about}, decls => [] };
        push @{ $header->{entries} }, $state->{entry};
    }
    push @{ $state->{entry}{decls} }, $declaration;
}

sub depth_of {
    my ($line) = @_;
    $line =~ s{/\*.*?(\*/|$)}{}g;
    return ($line =~ tr/{//) - ($line =~ tr/}//);
}

sub name_of {
    my ($code) = @_;
    return if $code =~ /^(typedef )?struct \w+( \w+)?;$/ && $code !~ /^typedef struct mr_reply /;
    if ($code =~ /^static inline/) {
        my ($head) = $code =~ /^static inline (.*?)\n\{/s or return;
        return { name => $1, kind => 'function', code => "$head;" } if $head =~ /\b(mr_\w+)\(/;
    }
    if ($code =~ s/^MR_API //) {
        $code =~ s/\s*__attribute__\(\(format.*\)\);/;/;
        return { name => $1, kind => 'function', code => $code } if $code =~ /\b(mr_\w+)\(/;
    }
    return { name => $1, kind => 'type', code => $code } if $code =~ /^typedef .*?\(\*(mr_\w+)\)/s;
    return { name => $1, kind => 'type', code => $code } if $code =~ /^typedef .*?\}?\s*(mr_\w+);$/s;
    return { name => $1, kind => 'type', code => $code } if $code =~ /^(?:struct|enum) (mr_\w+) \{/;
    return { name => $1, kind => 'macro', code => $code } if $code =~ /^enum \{ (MR_\w+)/;
    return;
}

1;

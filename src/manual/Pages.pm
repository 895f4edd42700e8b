# What a manual's pages hold, whatever they are written in: out of what the headers say.
package Pages;
use strict;
use warnings;

my %failure = ( # by the conventions that multirank.h tells, by what a call returns
    'bool' => 'false', 'ptrdiff_t' => '-1', 'int' => '-1', 'int64_t' => '-1', 'pid_t' => '-1', 'size_t' => '0',
);

# The pages of section 3: one for each comment that has declarations. A page: {section, name, names, title, summary, header,
# code, description, returns, errors, codes, callers, mirrors, see, group}
sub calls {
    my ($headers) = @_;
    my (@pages, %taken);
    my %text = map { @$_ } map { @{ $_->{statuses} } } @$headers;
    for my $header (@$headers) {
        for my $entry (@{ $header->{entries} }) {
            my @decls = grep { !$taken{ $_->{name} }++ } @{ $entry->{decls} };
            push @pages, call($header, $entry, \@decls, \%text) if @decls;
        }
    }
    my %page_of = map { my $page = $_; map { $_ => $page } @{ $page->{names} } } @pages;
    $_->{see} = [ see_also($_, \%page_of) ] for @pages;
    return @pages;
}

sub call {
    my ($header, $entry, $decls, $text) = @_;
    my ($first) = ((grep { $_->{kind} eq 'function' } @$decls), @$decls);
    my %part = parts($entry->{text});
    my @functions = grep { $_->{kind} eq 'function' } @$decls;
    my %seen;
    return {
        section => 3, name => $first->{name}, title => $entry->{title}, entry => $entry,
        names => [ $first->{name}, map { $_->{name} } grep { $_ != $first } @$decls ],
        is_call => scalar @functions, summary => summary($entry->{text}), group => group_of($header->{name}),
        header => $header->{name} eq 'multirank_mpi.h' ? 'multirank_mpi.h' : 'multirank.h',
        code => join("\n", map { wrapped($_) } @$decls), description => $part{description}, errors => $part{errors},
        mirrors => $part{mirrors}, callers => callers($entry->{text}),
        codes => [ map { [ $_, $text->{$_} ] } grep { $text->{$_} && !$seen{$_}++ } $entry->{text} =~ /\b(MR_E[A-Z]+)\b/g ],
        returns => @functions ? returns($entry->{text}, \@functions) : '',
    };
}

# A declaration as it fits a page: that of a function broken behind commas.
sub wrapped {
    my ($declaration) = @_;
    return $declaration->{code} if $declaration->{kind} ne 'function';
    my ($line, @lines) = ('');
    for my $part (split /(?<=,) /, $declaration->{code} =~ s/\s+/ /gr) {
        if ($line ne '' && length("$line $part") > 72) {
            push @lines, $line;
            $line = "        $part";
        }
        else { $line .= ($line eq '' ? '' : ' ') . $part }
    }
    return join "\n", @lines, $line;
}

# A comment's parts: what the thing does; its errors ("Errors: ..."); what it is like elsewhere ("Mirrors ...").
sub parts {
    my ($text) = @_;
    my ($errors, $mirrors) = ('', '');
    $mirrors = $1 if $text =~ s/\s*\b((?:Mirrors?|No counterpart in Python)\b(?:(?!\n\s*\n).)*)\z//s;
    $errors = $1 if $text =~ s/\s*\bErrors: (.*)\z//s;
    return (description => $text, errors => ucfirst($errors), mirrors => $mirrors);
}

sub sentences {
    my ($text) = @_;
    $text =~ s/\s+/ /g;
    return split /(?<=[.;])\s+(?=\S)/, $text;
}

# The first clause of a comment, as the line by which apropos finds it.
sub summary {
    my ($text) = @_;
    my ($clause) = $text =~ /^(.*?)(?:[.:;](?:\s|$)|\n\s*\n|$)/s;
    $clause =~ s/\s+/ /g;
    $clause =~ s/ \([^()]*$//;
    $clause =~ s/ \([^()]*\)//g if length $clause > 70;
    $clause =~ s/^(.{40,90}?),.*/$1/ if length $clause > 90;
    return $clause =~ /^[A-Z][a-z]/ ? lcfirst $clause : $clause;
}

sub callers {
    my ($text) = @_;
    return join ' ', map { ucfirst(s/;$/./r) } grep {
        /^(?:Any ?(?:process|body|one)\b|(?:The )?[Mm]ain process only|Several threads|Only the process|By main|For methods)/
            || /\b(?:[Cc]alled once|by any thread|belongs to the (?:thread|process)|may be called only|calling process alone)\b/
    } sentences($text);
}

sub returns {
    my ($text, $functions) = @_;
    my (@said, %seen);
    for my $function (@$functions) {
        my ($type) = $function->{code} =~ /^(.*?)\s*\b\Q$function->{name}\E\(/s;
        $type =~ s/\s+/ /g;
        my $what = $type eq 'mr_status' ? 'MR_OK, or why it has failed (ERRORS). mr_last_error gives the sentence.'
            : $type eq 'void' ? 'Nothing.'
            : $function->{name} =~ /^mr_task_(?:fail|return)$/ ? 'What the task should return.'
            : $function->{name} =~ /^mr_(?:strerror|status_name)$/ ? 'A string of the library, which lasts for ever.'
            : $function->{name} =~ /^mr_(?:version|last_|task_)/ ? "A value of type $type: see DESCRIPTION."
            : $function->{name} eq 'mr_process_exitcode' ? 'The code; MR_EXITCODE_NONE on failure.'
            : $function->{name} eq 'mr_manager_exitcode' ? 'The code, or MR_EXITCODE_NONE.'
            : $type =~ /\*$/ ? 'A pointer; NULL on failure, and then mr_last_status and mr_last_error tell why.'
            : defined $failure{$type} ? "A value of type $type; $failure{$type} on failure, and then mr_last_status and "
                . 'mr_last_error tell why.'
            : die "manual: $function->{name} returns $type, of which no convention tells what a failure is\n";
        push @{ $seen{$what} }, $function->{name};
        push @said, $what if @{ $seen{$what} } == 1;
    }
    return $said[0] if @said == 1;
    return join "\n\n", map { join(', ', @{ $seen{$_} }) . ': ' . lcfirst($_) =~ s/^mR_/MR_/r =~ s/^nULL/NULL/r } @said;
}

sub group_of {
    my ($name) = @_;
    my $group = $name =~ s/\.h$//r;
    return $group =~ /^multirank/ ? $group : "multirank_$group";
}

# What a page names, and what makes and ends the same kind of object.
sub see_also {
    my ($page, $page_of) = @_;
    my %seen = ($page->{name} => 1);
    my @names = $page->{entry}{text} =~ /\b(mr_\w+|MR_\w+)\b/g;
    my ($kind) = $page->{name} =~ /^(mr_(?:shared_memory|shareable_list|[a-z]+))/;
    push @names, $kind, map { "${kind}_$_" } qw(init start destroy close) if defined $kind;
    return map { "$_(3)" } sort grep { !$seen{$_}++ } map { $page_of->{$_} ? $page_of->{$_}{name} : () } @names;
}

# The pages of section 7: one for each header, with what its comments say of all that follows, and a list of its calls.
sub concepts {
    my ($headers, $calls) = @_;
    my @pages;
    for my $header (@$headers) {
        my $name = group_of($header->{name});
        my @own = grep { $_->{group} eq $name } @$calls;
        my (@parts, %by_title);
        for my $title (map { $_->{title} } @{ $header->{entries} }) {
            next if $by_title{$title}++;
            push @parts, {
                title => $title eq '' ? 'CALLS AND TYPES' : uc $title,
                text => join("\n\n", map { $_->{text} } grep { $_->{title} eq $title && !@{ $_->{decls} } } @{ $header->{entries} }),
                calls => [ grep { $_->{title} eq $title } @own ],
            };
        }
        my $about = $header->{about} =~ s/\s*Part of multirank\.h(?:, which is what\s+programs include)?\.//r;
        push @pages, {
            section => 7, name => $name, group => $name, summary => summary($about), description => $about,
            parts => \@parts, statuses => $header->{statuses},
            header => $header->{name} =~ /^multirank/ ? $header->{name} : 'multirank.h',
        };
    }
    $_->{see} = [ map { "$_->{name}(7)" } grep { $_ } @pages ] for @pages;
    for my $page (@pages) { $page->{see} = [ grep { $_ ne "$page->{name}(7)" } @{ $page->{see} }, 'multirank(1)' ] }
    return @pages;
}

# The page of the command, out of what `multirank help` prints.
sub command {
    my ($help) = @_;
    my @commands;
    for my $line (split /\n/, $help) {
        if ($line =~ /^(?:usage:|\s+)\s*multirank (\S.*?)(?:\s{2,}(\S.*))?$/) { push @commands, [ $1, $2 // '' ] }
        elsif ($line =~ /^\s{8,}(\S.*)$/ && @commands) { $commands[-1][1] .= ($commands[-1][1] eq '' ? '' : ' ') . $1 }
    }
    die "manual: `multirank help` names no commands\n" if !@commands;
    for (@commands) { $_->[1] = 'prints what there is' if $_->[0] eq 'help' && $_->[1] eq '' }
    return {
        section => 1, name => 'multirank', group => 'multirank', summary => 'looks at programs with Multirank, and at where they run',
        commands => \@commands, see => [ 'multirank(7)', 'mr_init(3)', 'gdb(1)', 'valgrind(1)' ],
    };
}

1;

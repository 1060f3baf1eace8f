#!/usr/bin/perl
# An ESME on Perl's Net::SMPP. The job in $ARGV[0] and the JSON lines are those of common.py.
use strict;
use warnings;
use Encode qw(encode decode);
use IO::Select;
use JSON::PP;
use Net::SMPP;
use Time::HiRes qw(time);

$| = 1;
my $json = JSON::PP->new->utf8->canonical;
my $job = $json->decode($ARGV[0]);
my $deadline = time() + ($job->{timeout_s} // 30);
my (%waiting, %accepted, %receipts, @sessions);
my ($submitted, $answered, $mo) = (0, 0, 0);

sub emit { my ($event, %fields) = @_; print $json->encode({event => $event, %fields}), "\n"; }
sub fail { emit('error', reason => "$_[0]"); exit 1; }
sub split_text { my ($text, $size) = @_; my @parts; push @parts, substr($text, $_ * $size, $size) for 0 .. int((length($text) - 1) / $size); return @parts; }

sub submit {
    my ($session, $kind, $part, %fields) = @_;
    my $seq = $session->submit_sm(
        async => 1,
        source_addr_ton => 3, source_addr => $job->{source},
        dest_addr_ton => 1, dest_addr_npi => 1, destination_addr => $job->{dest},
        registered_delivery => 1, %fields);
    fail("submit_sm: $!") unless defined $seq;
    $waiting{$seq} = [$kind, $part];
    $submitted++;
}

sub send_message {
    my ($session, $kind, $text) = @_;
    if ($kind eq 'gsm7') {
        submit($session, $kind, 1, short_message => $text);
    } elsif ($kind eq 'ucs2') {
        submit($session, $kind, 1, short_message => encode('UTF-16BE', $text), data_coding => 8);
    } elsif ($kind eq 'udh') {
        my @parts = split_text($text, 128);
        for my $i (1 .. @parts) {
            # Port numbers come first: the concatenation is not the first element of the header.
            my $udh = pack('C*', 0x0b, 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0, 0x00, 0x03, 0x2a, scalar(@parts), $i);
            submit($session, $kind, $i, short_message => $udh . $parts[$i - 1], esm_class => 0x40, data_coding => 4);
        }
    } elsif ($kind eq 'sar') {
        my @parts = split_text($text, 153);
        for my $i (1 .. @parts) {
            submit($session, $kind, $i, short_message => $parts[$i - 1],
                sar_msg_ref_num => pack('n', 0x0b0b), sar_total_segments => pack('C', scalar @parts), sar_segment_seqnum => pack('C', $i));
        }
    } elsif ($kind eq 'payload') {
        submit($session, $kind, 1, short_message => '', message_payload => $text);
    } else {
        fail("Net::SMPP cannot send the kind $kind");
    }
}

sub on_pdu {
    my ($session, $pdu) = @_;
    if ($pdu->{cmd} == Net::SMPP::CMD_submit_sm_resp) {
        my $for = delete $waiting{$pdu->{seq}} or fail("an answer to nothing: seq $pdu->{seq}");
        $answered++;
        my $id = $pdu->{message_id} // '';
        $accepted{$id} = 1 if $pdu->{status} == 0;
        emit('submitted', kind => $for->[0], part => $for->[1], status => $pdu->{status}, message_id => $id);
    } elsif ($pdu->{cmd} == Net::SMPP::CMD_deliver_sm) {
        $session->deliver_sm_resp(seq => $pdu->{seq}, message_id => '');
        my $raw = $pdu->{short_message};
        if (($pdu->{esm_class} & 0x3c) == 0x04) {
            my ($id) = $raw =~ /id:(\S+)/ or fail("a receipt without id: $raw");
            my ($state) = $raw =~ /stat:(\S+)/ or fail("a receipt without stat: $raw");
            $receipts{$id} = 1;
            emit('receipt', message_id => $id, state => $state, esm_class => $pdu->{esm_class}, text => $raw);
        } else {
            $mo++;
            my $text = $pdu->{data_coding} == 8 ? decode('UTF-16BE', $raw) : $raw;
            emit('mo', source => $pdu->{source_addr}, dest => $pdu->{destination_addr}, text => $text, data_coding => $pdu->{data_coding});
        }
    } elsif ($pdu->{cmd} == Net::SMPP::CMD_enquire_link) {
        $session->enquire_link_resp(seq => $pdu->{seq});
    }
}

sub complete {
    return $answered == $submitted && !(grep { !$receipts{$_} } keys %accepted) && $mo >= ($job->{expect_mo} // 0);
}

my @modes = ($job->{bind} // '') eq 'pair' ? qw(new_transmitter new_receiver) : qw(new_transceiver);
for my $mode (@modes) {
    my ($session, $resp) = Net::SMPP->$mode($job->{host}, port => $job->{port},
        system_id => $job->{system_id}, password => $job->{password}, smpp_version => 0x34) or fail("cannot connect: $!");
    fail('no bind response') unless $resp;
    if ($resp->{status}) { emit('bind_failed', status => $resp->{status}); exit 1; }
    push @sessions, $session;
}
emit('bound');
send_message($sessions[0], $_->{kind}, $_->{text}) for @{$job->{messages}};

my $select = IO::Select->new(@sessions);
until (complete()) {
    my $left = $deadline - time();
    fail("not complete in time: $answered of $submitted answers, " . keys(%receipts) . " receipts, $mo MO") if $left <= 0;
    for my $session ($select->can_read($left < 1 ? $left : 1)) {
        my $pdu = $session->read_pdu() or fail('the connection ended: ' . (${*$session}{smpperror} // $!));
        on_pdu($session, $pdu);
    }
}
$_->unbind() for @sessions;
emit('done');
